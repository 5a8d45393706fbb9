import type { Connection, Request } from 'tedious';
import type { Driver } from './driver.ts';
import type { Message } from './message.ts';

/** One connection of the driver's, with what makes requests for it (docs/decisions/015-driver.md). */
export class HeldConnection {
  readonly connection: Connection;
  readonly #driver: Driver;

  constructor(driver: Driver, connection: Connection) {
    this.#driver = driver;
    this.connection = connection;
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
