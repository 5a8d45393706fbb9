import { TenantryError } from '../../../src/core/errors.ts';
import { sqlText } from '../../../src/core/sql.ts';
import type { FleetShard } from '../../support/real-fleet.ts';

/** What the fuzz writes and reads: the payload says whose a row is. */
export const ledgerSchema = `
  create table "Ledger" ("TenantId" integer not null, "EntryId" integer not null, "Payload" text not null, primary key ("TenantId", "EntryId"));`;

/** A row as it was handed out; `tenant` is what the server holds the caller for. */
export interface LedgerRow extends Record<string, unknown> {
  readonly tenant: number | null;
  readonly payload: string;
}

export const payloadOf = (tenant: number, entry: number): string => `tenant-${tenant} entry ${entry}`;

/** Keeps account of what tenants were told, and judges what they were shown and what is there at the end. */
export class Ledger {
  /** What was wrong, in words; empty: nothing. */
  readonly violations: string[] = [];
  /** How often calls ended how: `ok` or a code. */
  readonly outcomes = new Map<string, number>();
  readonly #kept = new Set<string>();
  readonly #absent = new Set<string>();
  #entries = 0;

  /** The number of an entry that nobody has used. */
  nextEntry(): number {
    this.#entries += 1;
    return this.#entries;
  }

  /** A tenant was shown these rows. */
  shown(tenant: number, rows: readonly LedgerRow[]): void {
    for (const row of rows) {
      if (row.tenant !== tenant) this.violations.push(`tenant ${tenant} was served as ${String(row.tenant)}`);
      if (!row.payload.startsWith(`tenant-${tenant} `)) this.violations.push(`tenant ${tenant} was shown ${row.payload}`);
    }
  }

  /**
   * A call that was to write these payloads, all or none, has ended; without an error it was acknowledged. Returns `ok`, a code, or
   * `caller`.
   */
  ended(payloads: readonly string[], error?: unknown): string {
    const outcome = error === undefined ? 'ok' : error instanceof TenantryError ? error.code : 'caller';
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    if (error === undefined) for (const payload of payloads) this.#kept.add(payload);
    else if (!(error instanceof TenantryError) || error.outcome === 'not-run') for (const payload of payloads) this.#absent.add(payload);
    if (error !== undefined && !(error instanceof TenantryError) && !(error instanceof CallerError))
      this.violations.push(`a call ended with ${error instanceof Error ? error.message : typeof error}`);
    return outcome;
  }

  /** Something was done that must be refused. */
  accepted(what: string): void {
    this.violations.push(`accepted: ${what}`);
  }

  /** Compares what tenants were told with what the shards have. */
  async audit(shards: readonly FleetShard[]): Promise<void> {
    const present = new Set<string>();
    for (const { name, root } of shards) {
      const { rows } = await root.query<{ tenant: number; payload: string }>(
        sqlText('select "TenantId" as tenant, "Payload" as payload from "Ledger"'),
      );
      for (const { tenant, payload } of rows) {
        present.add(payload);
        if (!payload.startsWith(`tenant-${tenant} `)) this.violations.push(`${name} has ${payload} as a row of tenant ${tenant}`);
      }
    }
    for (const payload of this.#kept) if (!present.has(payload)) this.violations.push(`lost, though acknowledged: ${payload}`);
    for (const payload of this.#absent) if (present.has(payload)) this.violations.push(`kept, though refused: ${payload}`);
  }
}

/** What a tenant's own callback throws. */
export class CallerError extends Error {}
