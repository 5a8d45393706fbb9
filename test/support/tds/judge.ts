import { readClientMessage, type JudgedMessage, type JudgedPacket } from './judge-packets.ts';

/** What the judge is told of the callers. */
export interface JudgeOptions {
  /**
   * For whom a caller's statement was made, by a mark that the test put into it: the hex of the tenant's key, and behind a space what its
   * call brought besides, where it brought something.
   */
  readonly callerOf: (message: JudgedMessage) => string | undefined;
}

/** What a recording shows. */
export interface Verdict {
  /** One sentence for each fault, with the connection's number. */
  readonly faults: string[];
  /** Messages that entered, ran one statement and committed. */
  routed: number;
  /** Messages that began a session. */
  begun: number;
  /** Messages within sessions, their ends included. */
  inSession: number;
  /** Statements of which it is known for whom they were made. */
  known: number;
  /** Uses of a connection that reset it first, and of those how many by a message of its own. */
  resets: number;
  ownResets: number;
  /** Messages of the program's own before anybody has entered on their connection. */
  before: number;
}

/** Packet status bits that ask for a reset, keeping the transaction or not. */
const resetBits = 0x18;
const ignoreBit = 0x02;
const endBit = 0x01;

const enters = 'EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token';
/** What a message that enters says, in this order: with the values of its call as they are among its parameters. */
const entry = (brings: boolean): readonly string[] => [
  'SET XACT_ABORT ON;',
  'SET TRANSACTION ISOLATION LEVEL ',
  'BEGIN TRANSACTION;',
  `${enters}${brings ? ', @tenantry_values' : ''};`,
  'IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW ',
];
const inScope = [
  'BEGIN TRY\n',
  'EXEC [sys].[sp_executesql] @tenantry_statement',
  'IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW ',
  'END TRY\nBEGIN CATCH\n',
  'IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW ',
  'ROLLBACK TRANSACTION;\nTHROW;\nEND CATCH;\n',
];
const done = 'SET @tenantry_done = 1;\n';
const routedEnd = [...inScope, 'COMMIT TRANSACTION;\n', done];
const guard = 'IF @@TRANCOUNT <> 1 THROW ';

interface Connection {
  packets: Buffer[];
  /** The client has sent a message whose answer has not ended. */
  waiting: boolean;
  used: boolean;
  /** Somebody has entered on it. */
  entered: boolean;
  /** Reset by a message of its own, and not used since. */
  reset: boolean;
  /** Whose session may be open: as `callerOf` says it. */
  session: string | undefined;
  /** What the messages of that session, but the first, name as its transaction. */
  transaction: bigint | undefined;
  /** What those of the sessions before named. */
  readonly ended: Set<bigint>;
}

/** Judges what clients sent, connection by connection, in the order in which it travelled. */
export function judge(packets: Iterable<JudgedPacket>, options: JudgeOptions): Verdict {
  const judging = new Judging(options);
  for (const packet of packets) judging.take(packet);
  return judging.verdict;
}

/** The same, of packets as they come. */
export class Judging {
  readonly verdict: Verdict = { faults: [], routed: 0, begun: 0, inSession: 0, known: 0, resets: 0, ownResets: 0, before: 0 };
  readonly #options: JudgeOptions;
  readonly #connections = new Map<number, Connection>();
  /** What has been presented for a mapping: its key, and a token for each epoch. */
  readonly #presented = new Map<string, string>();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  take({ connection: id, from, bytes }: JudgedPacket): void {
    const connection = this.#connection(id);
    const last = (bytes[1]! & endBit) !== 0;
    if (from === 'server') {
      if (last) connection.waiting = false;
      return;
    }
    connection.packets.push(bytes);
    if (!last) return;
    const message = readClientMessage(connection.packets);
    connection.packets = [];
    if (message.type === 'login' || message.type === 'attention') return;
    if (connection.waiting) this.#fault(id, 'a message was sent before the answer to the one before it had ended');
    connection.waiting = true;
    this.#judge(id, connection, message);
  }

  #judge(id: number, connection: Connection, message: JudgedMessage): void {
    const [first = 0, ...later] = message.status;
    const reset = (first & resetBits) !== 0;
    if (later.some((status) => (status & resetBits) !== 0)) this.#fault(id, 'a later packet of a message carries the reset bit');
    if ((message.status.at(-1)! & ignoreBit) !== 0) return;
    if (message.text.includes('[enter]')) this.#enters(id, connection, message, reset);
    else if (!connection.entered) this.#before(id, connection, message, reset);
    else if (message.text.startsWith(guard)) this.#withinSession(id, connection, message, reset);
    else if (reset && message.text === 'SET NOCOUNT ON;') connection.reset = true;
    else this.#fault(id, 'a message on a connection in use neither enters nor begins with the guard');
  }

  /** What the program asks before it lets anybody in is the first use; what the driver sends after a login is none. */
  #before(id: number, connection: Connection, message: JudgedMessage, reset: boolean): void {
    if (reset) this.#fault(id, 'a reset before anybody has entered');
    if (!connection.used && message.type === 'batch' && message.text.startsWith('set ansi_nulls on\n')) return;
    connection.used = true;
    this.verdict.before += 1;
  }

  #enters(id: number, connection: Connection, message: JudgedMessage, reset: boolean): void {
    const context = contextOf(message);
    if (connection.used && !reset && !connection.reset) this.#fault(id, 'a use of a used connection without a reset');
    if (!connection.used && reset) this.#fault(id, 'a reset on the first use');
    if (reset && connection.reset) this.#fault(id, 'two resets for one use');
    if (reset || connection.reset) this.verdict.resets += 1;
    if (connection.reset) this.verdict.ownResets += 1;
    if (message.transaction !== 0n) this.#fault(id, 'a use of a connection that takes a transaction to be open still');
    this.#checkEntry(id, message);
    this.#checkCaller(id, message, context);
    connection.used = true;
    connection.entered = true;
    connection.reset = false;
    if (connection.transaction !== undefined) connection.ended.add(connection.transaction);
    connection.transaction = undefined;
    const end = inOrder(message.text, entry(message.values.has('@tenantry_values')), 0);
    if (end < 0) this.#fault(id, 'an entry out of order');
    if (message.text.includes('COMMIT TRANSACTION;')) {
      this.verdict.routed += 1;
      connection.session = undefined;
      if (inOrder(message.text, routedEnd, end) !== message.text.length)
        this.#fault(id, 'a routed statement has no scope of its own, or is not followed by guard and COMMIT');
    } else {
      this.verdict.begun += 1;
      connection.session = context;
    }
  }

  #withinSession(id: number, connection: Connection, message: JudgedMessage, reset: boolean): void {
    this.verdict.inSession += 1;
    if (reset) this.#fault(id, 'a reset within a session');
    if (connection.session === undefined) this.#fault(id, 'a statement outside any transaction');
    else this.#checkCaller(id, message, connection.session);
    connection.transaction ??= message.transaction;
    if (message.transaction === 0n || message.transaction !== connection.transaction || connection.ended.has(message.transaction))
      this.#fault(id, 'a message of a session names another transaction than its own');
    if (/(?:COMMIT|ROLLBACK) TRANSACTION;\s*$/.test(message.text)) connection.session = undefined;
    else if (inOrder(message.text, [...inScope, done], 0) !== message.text.length)
      this.#fault(id, 'a statement of a session has no scope of its own');
  }

  #checkCaller(id: number, message: JudgedMessage, context: string): void {
    const caller = this.#options.callerOf(message);
    if (caller !== undefined) this.verdict.known += 1;
    if (caller !== undefined && caller !== context) this.#fault(id, `a statement of tenant ${caller} in the context of tenant ${context}`);
  }

  #checkEntry(id: number, message: JudgedMessage): void {
    const mapping = hex(message, 'mapping');
    for (const [what, shown] of [
      [`mapping ${mapping}`, hex(message, 'key')],
      [`mapping ${mapping} at epoch ${hex(message, 'epoch')}`, hex(message, 'token')],
    ] as const) {
      const before = this.#presented.get(what);
      if (before !== undefined && before !== shown) this.#fault(id, `${what} was entered with what belongs to another`);
      this.#presented.set(what, before ?? shown);
    }
  }

  #connection(id: number): Connection {
    let connection = this.#connections.get(id);
    if (connection === undefined) {
      connection = {
        packets: [],
        waiting: false,
        used: false,
        entered: false,
        reset: false,
        session: undefined,
        transaction: undefined,
        ended: new Set(),
      };
      this.#connections.set(id, connection);
    }
    return connection;
  }

  #fault(id: number, what: string): void {
    this.verdict.faults.push(`connection ${id}: ${what}`);
  }
}

/** Whom a message makes its transaction: the tenant, and what the call brings besides. */
function contextOf(message: JudgedMessage): string {
  const brought = message.values.get('@tenantry_values');
  return [hex(message, 'key'), ...(brought === undefined || brought === null ? [] : [brought.toString('utf16le')])].join(' ');
}

function hex(message: JudgedMessage, name: string): string {
  return message.values.get(`@tenantry_${name}`)?.toString('hex') ?? 'nothing';
}

/** Where the last of the parts ends, if they stand in this order from there on; -1 where they do not. */
function inOrder(text: string, parts: readonly string[], from: number): number {
  let at = Math.max(from, 0);
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return -1;
    at = found + part.length;
  }
  return at;
}
