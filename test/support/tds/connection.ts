import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket, type SecureContext } from 'node:tls';
import { Answer, AnswerStopped } from './answer.ts';
import { askedEncryption, encryption, preloginAnswer, readFedAuthToken, readLogin, withoutPassword, type TdsLogin } from './login.ts';
import { MessageAssembler, packetHeaderBytes, PacketReader, packetStatus, type Message, type Packet } from './packets.ts';
import type { Recording } from './recording.ts';
import { readRequest } from './request.ts';
import type { TdsConnection, TdsScript } from './script.ts';
import { PreloginTls } from './tls-in-prelogin.ts';
import {
  collationToken,
  databaseToken,
  doneStatus,
  doneToken,
  fedAuthAckToken,
  fedAuthInfoToken,
  loginAckToken,
  packetSizeToken,
} from './tokens.ts';

const defaultPacketSize = 4096;

/** What the connections of a server share. */
export interface ServerSide {
  readonly script: TdsScript;
  readonly recording: Recording;
  /** Where TLS begins within PRELOGIN: the certificate. */
  readonly secureContext: SecureContext | undefined;
  /** Where logins are by Entra ID: whom clients get their tokens from, and for what. */
  readonly fedAuth: { readonly stsUrl: string; readonly spn: string } | undefined;
  failed(error: unknown): void;
}

/** One client, from its PRELOGIN to the end of its socket. */
export class ServerConnection implements TdsConnection {
  readonly id: number;
  readonly #socket: Socket;
  readonly #side: ServerSide;
  #stream: Duplex;
  #reader = new PacketReader();
  #assembler = new MessageAssembler();
  #login: TdsLogin | undefined;
  #packetSize = defaultPacketSize;
  #answer: Answer | undefined;
  #work: Promise<void> = Promise.resolve();
  /** The last message that came is being answered. */
  #begun: Promise<void> = Promise.resolve();
  #initial = true;
  #closed = false;

  /** Serves a client until its socket ends; `stream` is what the messages travel on: the socket itself, or TLS over it. */
  static serve(id: number, socket: Socket, stream: Duplex, side: ServerSide): void {
    new ServerConnection(id, socket, side).#start(stream);
  }

  constructor(id: number, socket: Socket, side: ServerSide) {
    this.id = id;
    this.#socket = socket;
    this.#side = side;
    this.#stream = socket;
  }

  #start(stream: Duplex): void {
    this.#side.recording.add({ kind: 'connect', connection: this.id });
    // A socket that fails also closes.
    this.#socket.on('error', () => undefined);
    this.#socket.once('close', () => this.#close());
    this.#listen(stream);
  }

  get login(): TdsLogin | undefined {
    return this.#login;
  }

  drop(how: 'fin' | 'rst'): void {
    if (how === 'rst') this.#socket.resetAndDestroy();
    else this.#stream.end(() => this.#socket.destroySoon());
  }

  #listen(stream: Duplex): void {
    this.#stream = stream;
    stream.on('error', () => undefined);
    stream.on('data', (bytes: Buffer) => {
      try {
        for (const packet of this.#reader.push(bytes)) this.#receive(packet);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #receive(packet: Packet): void {
    const { type, status } = packet;
    const bytes = type === 'LOGIN7' || type === 'FEDAUTH_TOKEN' ? blankLogin(packet) : Buffer.from(packet.bytes);
    this.#side.recording.add({ kind: 'packet', connection: this.id, from: 'client', type, status, bytes });
    const message = this.#assembler.push(packet);
    if (message === undefined) return;
    if (message.type === 'ATTENTION') {
      this.#side.recording.add({ kind: 'attention', connection: this.id });
      this.#interrupt().catch((error: unknown) => this.#fail(error));
      return;
    }
    const begun = Promise.withResolvers<void>();
    this.#begun = begun.promise;
    const handle = (): Promise<void> => {
      begun.resolve();
      return this.#handle(message);
    };
    this.#work = this.#work.then(handle).catch((error: unknown) => this.#fail(error));
  }

  async #handle(message: Message): Promise<void> {
    if (this.#closed) return;
    const answer = new Answer(this.#sink());
    this.#answer = answer;
    try {
      await this.#reply(message, answer);
      if (answer.state === 'open') await answer.end(doneToken('DONE'));
    } catch (error) {
      if (!(error instanceof AnswerStopped)) throw error;
    } finally {
      this.#answer = undefined;
      if (answer.state !== 'open') this.#side.recording.add({ kind: 'answer', connection: this.id, end: answer.state });
    }
  }

  async #reply(message: Message, answer: Answer): Promise<void> {
    const { script, recording } = this.#side;
    if (message.type === 'PRELOGIN') return this.#prelogin(message, answer);
    if (message.type === 'LOGIN7') return this.#hear(readLogin(message.data), answer);
    if (message.type === 'FEDAUTH_TOKEN') return this.#hearToken(readFedAuthToken(message.data), answer);
    // A message that its client gave up half-way is answered, and not acted upon (MS-TDS 2.2.1.6).
    if ((message.statuses.at(-1)! & packetStatus.ignore) !== 0) return;
    const request = readRequest(message);
    const initial = this.#initial && request.kind === 'batch' && request.text.startsWith('set ');
    this.#initial = false;
    recording.add({ kind: 'request', connection: this.id, initial, request });
    if (!initial) await script.request(request, answer, this);
    else await script.initialSql?.(answer, this);
  }

  async #prelogin({ data }: Message, answer: Answer): Promise<void> {
    const { secureContext } = this.#side;
    const secure = secureContext !== undefined && askedEncryption(data) !== encryption.notSupported;
    const refused = secureContext === undefined ? encryption.notSupported : encryption.required;
    await answer.end(preloginAnswer(secure ? encryption.on : refused, this.#side.fedAuth !== undefined));
    if (!secure) return;
    this.#socket.removeAllListeners('data');
    const secured = new TLSSocket(new PreloginTls(this.#socket), { isServer: true, secureContext, maxVersion: 'TLSv1.2' });
    secured.once('secure', () => this.#side.recording.add({ kind: 'secure', connection: this.id }));
    this.#listen(secured);
  }

  /** A login that will bring its token later is told whom to get it from. */
  async #hear(login: TdsLogin, answer: Answer): Promise<void> {
    this.#login = login;
    const { fedAuth } = this.#side;
    if (login.fedAuth?.library === 'adal' && fedAuth !== undefined) await answer.end(fedAuthInfoToken(fedAuth));
    else await this.#admit(login, answer);
  }

  async #hearToken(token: string, answer: Answer): Promise<void> {
    const login = this.#login;
    if (login?.fedAuth === undefined) throw new Error('A token came without a login that announced it.');
    await this.#admit({ ...login, fedAuth: { ...login.fedAuth, token } }, answer);
  }

  async #admit(login: TdsLogin, answer: Answer): Promise<void> {
    this.#login = login;
    this.#side.recording.add({ kind: 'login', connection: this.id, login });
    const admit = async (): Promise<void> => {
      const size = login.packetSize === 0 ? defaultPacketSize : login.packetSize;
      const ack = login.fedAuth === undefined ? [] : [fedAuthAckToken()];
      await answer.end(databaseToken(login.database), collationToken(), loginAckToken(), packetSizeToken(size), ...ack, doneToken('DONE'));
      this.#packetSize = size;
    };
    if (this.#side.script.login === undefined) await admit();
    else await this.#side.script.login(login, answer, this, admit);
  }

  /** The interrupted answer is closed, also that to a request which came along; the acknowledgement is a message of its own. */
  async #interrupt(): Promise<void> {
    await this.#begun;
    const { script } = this.#side;
    if ((await script.attention?.(this)) === 'ignore') return;
    if (this.#answer?.state === 'open') this.#answer.interrupt(script.interrupted?.(this) ?? []);
    await new Answer(this.#sink()).end(doneToken('DONE', doneStatus.attention));
  }

  #sink(): ConstructorParameters<typeof Answer>[0] {
    return {
      stream: this.#stream,
      packetSize: this.#packetSize,
      drop: (how) => this.drop(how),
      sent: (type, status, bytes) => this.#side.recording.add({ kind: 'packet', connection: this.id, from: 'server', type, status, bytes }),
    };
  }

  #fail(error: unknown): void {
    if (!(error instanceof AnswerStopped)) this.#side.failed(error);
    this.#socket.destroy();
  }

  #close(): void {
    this.#closed = true;
    this.#answer?.lose();
    this.#side.recording.add({ kind: 'close', connection: this.id });
    this.#side.script.closed?.(this);
  }
}

/** Its password is in its first packet, unless something longer than a packet comes before it: then all of it is blanked. */
function blankLogin({ bytes }: Packet): Buffer {
  const data = bytes.subarray(packetHeaderBytes);
  const whole = data.length >= 94 && data.readUInt32LE(0) === data.length;
  return Buffer.concat([bytes.subarray(0, packetHeaderBytes), whole ? withoutPassword(data) : Buffer.alloc(data.length)]);
}
