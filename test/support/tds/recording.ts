import type { TdsLogin } from './login.ts';
import type { MessageType } from './packets.ts';
import type { TdsRequest } from './request.ts';

/** A packet as it travelled; that of LOGIN7 with zeros for its password. */
export interface RecordedPacket {
  readonly kind: 'packet';
  /** Number of the connection, from 1. */
  readonly connection: number;
  readonly from: 'client' | 'server';
  readonly type: MessageType;
  readonly status: number;
  readonly bytes: Buffer;
}

/** Something that happened on a connection. */
export type TdsEvent =
  | RecordedPacket
  | { readonly kind: 'connect' | 'secure' | 'attention' | 'close'; readonly connection: number }
  | { readonly kind: 'login'; readonly connection: number; readonly login: TdsLogin }
  /** `initial`: the SETs that the driver itself sends after the login. */
  | { readonly kind: 'request'; readonly connection: number; readonly initial: boolean; readonly request: TdsRequest }
  | { readonly kind: 'answer'; readonly connection: number; readonly end: 'complete' | 'interrupted' | 'dropped' };

type EventOf<K extends TdsEvent['kind']> = Extract<TdsEvent, { kind: K }>;

/** Everything that came and went, in order, over all connections. */
export class Recording {
  #events: TdsEvent[] = [];
  readonly #waiting = new Set<(event: TdsEvent) => void>();

  get events(): readonly TdsEvent[] {
    return this.#events;
  }

  add(event: TdsEvent): void {
    this.#events.push(event);
    for (const waiting of this.#waiting) waiting(event);
  }

  of<K extends TdsEvent['kind']>(kind: K): EventOf<K>[] {
    return this.#events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  /** What was asked for, without the driver's own SETs after a login. */
  requests(connection?: number): TdsRequest[] {
    return this.of('request')
      .filter((event) => !event.initial && (connection === undefined || event.connection === connection))
      .map(({ request }) => request);
  }

  /** The next event of a kind that fits, from now on. */
  next<K extends TdsEvent['kind']>(kind: K, fits: (event: EventOf<K>) => boolean = () => true): Promise<EventOf<K>> {
    return new Promise((resolve) => {
      const waiting = (event: TdsEvent): void => {
        if (event.kind !== kind || !fits(event as EventOf<K>)) return;
        this.#waiting.delete(waiting);
        resolve(event as EventOf<K>);
      };
      this.#waiting.add(waiting);
    });
  }

  /** Forgets what has been recorded so far, and gives it. */
  take(): readonly TdsEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
