import type { EventEmitter } from 'node:events';
import type { Connection, Request } from 'tedious';
import type { Driver } from './driver.ts';
import type { Message } from './message.ts';
import { readWhole, sendWhole, type ComingMessage } from './whole-messages.ts';

/** One connection of the driver's, with what makes requests for it (docs/decisions/015-driver.md). */
export class HeldConnection {
  readonly connection: Connection;
  readonly #driver: Driver;

  constructor(driver: Driver, connection: Connection) {
    this.#driver = driver;
    this.connection = connection;
    outliveClose(connection, new driver.Request('', () => undefined));
    outliveUnreadable(connection);
    sendWhole(connection, driver);
  }

  /** A request that `send` sends; `done` is called once its answer is whole, or never will be. */
  request(message: Message, done: (error?: Error | null) => void): Request {
    const { Request: DriverRequest, TYPES: types } = this.#driver;
    const request = new DriverRequest(message.text, done);
    if (message.kind === 'call')
      for (const { name, type, value, output } of message.parameters)
        request.addParameter(name, types[type.driverName], value, output === undefined ? type.bounds : { ...type.bounds, output });
    return request;
  }

  send(kind: Message['kind'], request: Request): void {
    if (kind === 'batch') this.connection.execSqlBatch(request);
    else this.connection.execSql(request);
  }
}

const asked = Symbol('whose answer is awaited');
const nobody = Symbol('who is called back where nobody asked');

/** The part of the driver's connection that its types keep to themselves (tedious 20), and what is kept with it here. */
interface Asked {
  request: Request | undefined;
  readonly closed: boolean;
  [asked]: Request | undefined;
  [nobody]: Request;
}

/**
 * What the driver has read of an answer, it goes through to the end also once its connection is closed. Then it calls back whoever asked,
 * and where `close` has told him already there is nobody: an error that nothing can catch, which ends the process. So there is `nobody`.
 */
function outliveClose(connection: Connection, unasked: Request): void {
  const internals = connection as unknown as Asked;
  internals[asked] = internals.request;
  internals[nobody] = unasked;
  Object.defineProperty(internals, 'request', whoAsked);
}

/** The same for all connections: V8 makes slow dictionaries of objects that have accessors of their own under one name. */
const whoAsked: ThisType<Asked> & PropertyDescriptor = {
  get() {
    return this[asked] ?? (this.closed ? this[nobody] : undefined);
  },
  set(request: Request | undefined) {
    this[asked] = request;
  },
};

/** What reads one answer: it emits an error where it cannot. */
interface Reading {
  createTokenStreamParser(message: unknown, handler: unknown): EventEmitter;
}

/**
 * Of an answer that cannot be read the driver is told by an event. Where the request was cancelled before that answer came, its own
 * listener throws (it names variables that it has not reached by then), which nothing can catch and ends the process: the connection is
 * closed instead.
 */
function outliveUnreadable(connection: Connection): void {
  const internals = connection as unknown as Reading;
  const create = internals.createTokenStreamParser.bind(internals);
  internals.createTokenStreamParser = (message, handler) => {
    const parser = create(readWhole(message as ComingMessage), handler);
    const emit = parser.emit.bind(parser);
    parser.emit = (event: string, ...given: unknown[]) => {
      try {
        return emit(event, ...given);
      } catch (error) {
        if (event !== 'error') throw error;
        connection.close();
        return true;
      }
    };
    return parser;
  };
}
