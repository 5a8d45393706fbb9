import type { Row, SqlSession } from '../src/core/session.ts';
import { catalogUnavailable } from './sql-catalog.ts';
import { unlessVictim } from './unless-victim.ts';

/** What somebody begins to do, has done, or failed to do. */
export interface AuditEvent {
  /** A uuid; the same for all that one run of a command does. */
  readonly runId: string;
  /** Up to 128 characters. */
  readonly actor: string;
  /** `policy apply`. */
  readonly action: string;
  /** `shard a`. */
  readonly subject: string;
  readonly outcome: 'BEGUN' | 'DONE' | 'FAILED';
  /** Never a secret, nor a value of a row. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** An event as it was recorded. */
export interface AuditRecord extends AuditEvent {
  readonly auditId: number;
  /** By the catalog's clock: `2026-01-02T03:04:05.678Z`. */
  readonly recordedAt: string;
}

/** The catalog's record of who did what to the fleet. It is only added to. */
export class AuditTrail {
  readonly #catalog: SqlSession;

  constructor(catalog: SqlSession) {
    this.#catalog = catalog;
  }

  /** Throws CATALOG_UNAVAILABLE: what cannot be recorded is not to be done. */
  async record({ detail, ...event }: AuditEvent): Promise<void> {
    await catalogUnavailable(unlessVictim(() => this.#catalog.run('catalog/add-audit', { ...event, detail: JSON.stringify(detail) })));
  }

  /** The latest events, the last one first; `before` an id, the next page of them. */
  async list({ limit, before }: { readonly limit: number; readonly before?: number }): Promise<AuditRecord[]> {
    const page = { limit, before: before ?? null };
    return (await catalogUnavailable(unlessVictim(() => this.#catalog.run<AuditRecord & Row>('catalog/list-audit', page)))).rows;
  }
}
