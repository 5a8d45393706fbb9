import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WireParser, type WireMessage, type WireSide } from './wire-message.ts';

/** What an action may do with the connection on which its message came. */
export interface WireConnection {
  /** Closes both sockets at once; what was not forwarded yet is lost. */
  cut(): void;
}

/** Something to do when a message comes by; the message and all after it on its side wait until the action is done. */
export interface WireRule {
  readonly match: (message: WireMessage) => boolean;
  /** `before` it is forwarded, or `after`. */
  readonly when: 'before' | 'after';
  readonly action: (connection: WireConnection, message: WireMessage) => void | Promise<void>;
}

/** A TCP proxy before a server, for tests that count round trips or spoil the network. */
export interface WireProxy {
  readonly host: string;
  readonly port: number;
  /** An address with this proxy's host and port in place of the server's. */
  url(serverUrl: string): string;
  /** How many times, over all connections, the server began to answer what was sent to it. Start-up included. */
  readonly roundTrips: number;
  /** Open connections. */
  readonly connections: number;
  /** Result and round trips of some work. */
  count<T>(work: () => Promise<T>): Promise<{ result: T; roundTrips: number }>;
  /** Holds everything in both directions back, on new connections too, until `resume`. */
  pause(): void;
  resume(): void;
  /** Milliseconds that every message waits before it is forwarded; 0 by default. */
  delayMs: number;
  /** Cuts all open connections. */
  cut(): void;
  /** Whether new connections are closed as soon as they come; false by default. */
  refuse: boolean;
  /**
   * Adds a rule that holds for one message; the promise resolves once its action is done. To lose a COMMIT, cut before it; to
   * lose its answer, cut before the backend's CommandComplete (`C`).
   */
  once(rule: WireRule): Promise<WireMessage>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a proxy on 127.0.0.1 before a server. `opaque` forwards bytes of any protocol; rules and counts then see pieces, not messages. */
export async function startWireProxy(
  target: { readonly host: string; readonly port: number },
  protocol: 'postgres' | 'opaque' = 'postgres',
): Promise<WireProxy> {
  const proxy = new TcpProxy(target, protocol);
  await proxy.listen();
  return proxy;
}

interface PendingRule {
  readonly rule: WireRule;
  readonly done: (message: WireMessage) => void;
  readonly failed: (error: unknown) => void;
}

class TcpProxy implements WireProxy {
  readonly host = '127.0.0.1';
  delayMs = 0;
  refuse = false;
  roundTrips = 0;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #rules = new Set<PendingRule>();
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  constructor(target: { readonly host: string; readonly port: number }, protocol: 'postgres' | 'opaque') {
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
      if (this.refuse) {
        client.destroy();
        return;
      }
      const server = connect({ host: target.host, port: target.port, noDelay: true, allowHalfOpen: true });
      const link = new Link(client, server, new WireParser(protocol), {
        message: (message, forward) => this.#handle(link, message, forward),
        roundTrip: () => this.roundTrips++,
        closed: () => this.#links.delete(link),
      });
      this.#links.add(link);
    });
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.');
    return address.port;
  }

  get connections(): number {
    return this.#links.size;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
  }

  url(serverUrl: string): string {
    const url = new URL(serverUrl);
    url.hostname = this.host;
    url.port = `${this.port}`;
    return url.href;
  }

  async count<T>(work: () => Promise<T>): Promise<{ result: T; roundTrips: number }> {
    const before = this.roundTrips;
    const result = await work();
    return { result, roundTrips: this.roundTrips - before };
  }

  pause(): void {
    this.resume();
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  resume(): void {
    this.#open();
  }

  cut(): void {
    for (const link of this.#links) link.cut();
  }

  once(rule: WireRule): Promise<WireMessage> {
    return new Promise((done, failed) => this.#rules.add({ rule, done, failed }));
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.resume();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #handle(link: Link, message: WireMessage, forward: () => void): Promise<void> {
    if (this.delayMs > 0) await sleep(this.delayMs);
    await this.#gate;
    const pending = [...this.#rules].find(({ rule }) => rule.match(message));
    if (pending !== undefined) this.#rules.delete(pending);
    if (pending?.rule.when === 'before') await this.#act(pending, link, message);
    forward();
    if (pending?.rule.when === 'after') await this.#act(pending, link, message);
  }

  async #act({ rule, done, failed }: PendingRule, link: Link, message: WireMessage): Promise<void> {
    try {
      await rule.action(link, message);
      done(message);
    } catch (error) {
      link.cut();
      failed(error);
    }
  }
}

interface LinkEvents {
  message(message: WireMessage, forward: () => void): Promise<void>;
  roundTrip(): void;
  closed(): void;
}

/** One proxied connection: two sockets, each side's messages forwarded in order. */
class Link implements WireConnection {
  readonly #sockets: Record<WireSide, Socket>;
  readonly #parser: WireParser;
  readonly #events: LinkEvents;
  #asked = false;

  constructor(frontend: Socket, backend: Socket, parser: WireParser, events: LinkEvents) {
    this.#sockets = { frontend, backend };
    this.#parser = parser;
    this.#events = events;
    for (const side of ['frontend', 'backend'] as const) {
      // A socket that fails also closes, and closing cuts the other one.
      this.#sockets[side].on('error', () => this.cut()).on('close', () => this.cut());
      void this.#pump(side);
    }
  }

  cut(): void {
    this.#sockets.frontend.destroy();
    this.#sockets.backend.destroy();
    this.#events.closed();
  }

  async #pump(side: WireSide): Promise<void> {
    const from = this.#sockets[side];
    const to = this.#sockets[side === 'frontend' ? 'backend' : 'frontend'];
    try {
      for await (const bytes of from) {
        for (const message of this.#parser.push(side, bytes as Buffer)) {
          this.#countRoundTrip(side);
          await this.#events.message(message, () => to.write(message.bytes));
        }
        if (to.writableNeedDrain) await once(to, 'drain');
      }
      to.end();
    } catch {
      // The peer went away in the middle of a message: the same as a cut.
      this.cut();
    }
  }

  #countRoundTrip(side: WireSide): void {
    if (side === 'backend' && this.#asked) this.#events.roundTrip();
    this.#asked = side === 'frontend';
  }
}
