import { setTimeout as pause } from 'node:timers/promises';
import { failureCode } from '../../core/failure-code.ts';
import type { WebhookSettings } from '../../config/settings.ts';
import { asError, TenantryError } from '../../core/errors.ts';
import { Turns } from '../../core/turns.ts';
import { NotAccepted } from '../../engine/verify-shard.ts';
import type { OnTrouble, Trouble } from '../trouble.ts';
import { defaultRetries, deliver, type Retries } from './deliver.ts';

/** Notices that are being sent at once, of shards that drifted together. */
const atOnce = 4;
/** Objects in one notice. */
const mostObjects = 50;
/** Milliseconds until what the webhook did not take is told again, where it is so still. */
const defaultAgainMs = 300_000;

/** What notices of drift are sent with. */
export interface DriftNoticesParts {
  readonly webhook: WebhookSettings;
  /** Name of the shard map. */
  readonly map: string;
  /** What people call a shard; undefined where nobody knows. May fail. */
  readonly nameOf: (shardId: string) => Promise<string | undefined>;
  readonly now: () => Date;
  /** Told of a webhook that cannot be reached, and once it can. */
  readonly onTrouble: OnTrouble;
  /** Told of each notice, for metrics. */
  readonly onEnded: (outcome: 'delivered' | 'failed') => void;
  readonly retries?: Retries;
  /** Milliseconds from the last attempt of a notice to the next notice of the same. Default: five minutes. */
  readonly againMs?: number;
}

/** That a shard may serve nobody, or may again. No row's values are in it. */
interface Notice {
  readonly type: 'shard.unverified.found' | 'shard.unverified.ended';
  readonly timestamp: string;
  readonly data: {
    readonly version: 1;
    readonly map: string;
    readonly shardId: string;
    readonly shard: string | null;
    /** What protects the shard was changed and not accepted; or anything else for which it may serve nobody. */
    readonly kind?: 'not-accepted' | 'unfit';
    readonly reason?: string;
    /** The first of them. */
    readonly objects?: readonly { readonly kind: string; readonly object: string; readonly change: string }[];
    /** Of all. */
    readonly objectCount?: number;
  };
}

/** What is known of one shard, and what the webhook took. */
interface ShardDrift {
  known: { readonly at: Date; readonly cause: TenantryError | undefined };
  isTold: boolean;
  isTelling: boolean;
}

/**
 * Tells a webhook of each drift once and of its end once, and again now and then for as long as it does not take it. Nobody waits for
 * it. Of a shard that comes and goes faster than the webhook takes notices, the last is told that differs from what was told before.
 */
export class DriftNotices {
  readonly #parts: DriftNoticesParts;
  readonly #turns = new Turns(atOnce);
  readonly #closing = new AbortController();
  readonly #stop = new AbortController();
  readonly #drifts = new Map<string, ShardDrift>();
  readonly #telling = new Set<Promise<void>>();
  #isFailing = false;

  constructor(parts: DriftNoticesParts) {
    this.#parts = parts;
  }

  /** Hears of what `OnTrouble` is told. */
  hear({ source, state, shardId, cause }: Trouble): void {
    if (source !== 'shard' || shardId === undefined) return;
    const isDrift = state === 'failing' && cause instanceof TenantryError && cause.code === 'SHARD_UNVERIFIED';
    const seen = this.#drifts.get(shardId);
    // A shard that does not answer may have drifted still.
    if (!isDrift && (state === 'failing' || seen === undefined)) return;
    // One that lasts began when it was seen first; what it is now is told where nothing was yet.
    const at = isDrift && seen?.known.cause !== undefined ? seen.known.at : this.#parts.now();
    const known = { at, cause: isDrift ? cause : undefined };
    const drift = seen ?? { known, isTold: false, isTelling: false };
    drift.known = known;
    this.#drifts.set(shardId, drift);
    if (!drift.isTelling) this.#tell(shardId, drift);
  }

  /** Waits for what is being sent for so long, in milliseconds; what is left then is not told. */
  async close(withinMs: number): Promise<void> {
    this.#closing.abort();
    const timer = setTimeout(() => this.#stop.abort(), withinMs);
    await Promise.all(this.#telling);
    clearTimeout(timer);
  }

  #tell(shardId: string, drift: ShardDrift): void {
    drift.isTelling = true;
    const telling = this.#tellAll(shardId, drift).finally(() => {
      this.#telling.delete(telling);
    });
    this.#telling.add(telling);
  }

  async #tellAll(shardId: string, drift: ShardDrift): Promise<void> {
    while (drift.isTold !== (drift.known.cause !== undefined)) {
      const { known } = drift;
      if (await this.#turns.take(async () => this.#send(await this.#noticeOf(shardId, known)))) drift.isTold = known.cause !== undefined;
      else if (!(await this.#isToTellAgain())) return;
    }
    drift.isTelling = false;
    if (drift.known.cause === undefined) this.#drifts.delete(shardId);
  }

  /** After a while; false as soon as everything is closed. */
  async #isToTellAgain(): Promise<boolean> {
    const { againMs = defaultAgainMs } = this.#parts;
    await pause(againMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
    return !this.#closing.signal.aborted;
  }

  async #noticeOf(shardId: string, { at, cause }: ShardDrift['known']): Promise<Notice> {
    const shardName = (await this.#parts.nameOf(shardId).catch(() => undefined)) ?? null;
    const data = { version: 1, map: this.#parts.map, shardId, shard: shardName } as const;
    const timestamp = at.toISOString();
    if (cause === undefined) return { type: 'shard.unverified.ended', timestamp, data };
    const isNotAccepted = cause instanceof NotAccepted;
    const objects = isNotAccepted ? cause.differing : [];
    const found = {
      kind: isNotAccepted ? 'not-accepted' : 'unfit',
      reason: cause.reason,
      objects: objects.slice(0, mostObjects),
      objectCount: objects.length,
    } as const;
    return { type: 'shard.unverified.found', timestamp, data: { ...data, ...found } };
  }

  /** Whether the webhook took it. */
  async #send(notice: Notice): Promise<boolean> {
    const { webhook, now, onTrouble, onEnded, retries = defaultRetries } = this.#parts;
    try {
      await deliver({ webhook, now, retries, stop: this.#stop.signal }, notice);
      onEnded('delivered');
      if (this.#isFailing) onTrouble({ source: 'webhook', state: 'recovered' });
      this.#isFailing = false;
      return true;
    } catch (error) {
      onEnded('failed');
      // Sent until everything was closed: nothing is wrong with the webhook.
      if (this.#stop.signal.aborted) return false;
      if (!this.#isFailing)
        onTrouble({ source: 'webhook', state: 'failing', code: failureCode(asError(error).cause ?? error), cause: error });
      this.#isFailing = true;
      return false;
    }
  }
}
