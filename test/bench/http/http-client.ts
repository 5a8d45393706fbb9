import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One keep-alive connection that sends a request and awaits its answer: so little work that the server is what is measured. */
export class HttpClient {
  readonly #socket: Socket;
  #received = '';
  #resolve: ((body: string) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
  }

  static async connect(port: number): Promise<HttpClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new HttpClient(socket);
  }

  /** The body of the answer to a GET. Throws for any status but 200. */
  get(path: string, headers: string): Promise<string> {
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received.slice(0, head))?.[1] ?? Number.NaN);
    if (this.#received.length < head + 4 + length) return;
    if (!this.#received.startsWith('HTTP/1.1 200'))
      throw new Error(`The server answered ${this.#received.slice(0, this.#received.indexOf('\r\n'))}.`);
    const body = this.#received.slice(head + 4);
    this.#received = '';
    this.#resolve?.(body);
  }
}
