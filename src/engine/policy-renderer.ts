import type { KeyType } from '../core/key-type.ts';
import type { RowPolicy } from '../core/predicate.ts';
import type { Sql } from '../core/sql.ts';
import type { ProcedureCode, ProcedureRisk } from './procedure-code.ts';
import type { ExposedProcedure, GivenProcedure, LocatedProcedure } from './qualified-procedures.ts';
import type { DifferingObject } from './verification.ts';

/** A table that exists on a shard, as `policy/tables` finds it. */
export interface FoundTable {
  readonly schema: string;
  readonly table: string;
  /** Null for reference tables, which every tenant may read. */
  readonly tenantColumn: string | null;
  /** A `part` is a partition or inheritance child of a configured table, which SQL can name directly. */
  readonly role: 'routed' | 'part' | 'reference' | 'reference part';
  /** Sequences that the table's columns own, of the table's schema. */
  readonly sequences: readonly string[];
  /** Whether what captures changes of its rows is put on this very table: not where that of another one does, or nothing can. */
  readonly capturable: boolean;
  /** Columns of its primary key, in order, where what captures changes has to be told. */
  readonly key: readonly string[];
  /** All of them, each with its type as the engine declares it. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** Whether its rows are another table's, beside which SQL can name it. */
export function isPartOfAnother({ role }: Pick<FoundTable, 'role'>): boolean {
  return role === 'part' || role === 'reference part';
}

/** What a policy that reads a table has to know of it. */
export type TableColumns = Pick<FoundTable, 'schema' | 'table' | 'columns'>;

/** The same with what the configuration says of its rows. */
export interface PolicyTable extends FoundTable {
  /** Besides the tenant's; none for what is not `routed`. */
  readonly policies: readonly RowPolicy[];
  /** The configuration's own words for them, which are kept on the shard; none where they are not from one. */
  readonly model?: string;
}

/** One thing that protects a table, comparable with what `policy/live-items` finds. */
export interface PolicyItem {
  /** Name of the item within its table: `row security`, `policy tenantry_tenant`, `rights of tenantry_app`. */
  readonly item: string;
  /** What it says, in the words of `policy/live-items`; null: it must not be there. */
  readonly definition: string | null;
  /** What brings it about, whatever was there before. */
  readonly statements: readonly Sql[];
  /** What an administrator runs where these were not admin's to say, if it is not the same. */
  readonly byAdministrator?: readonly Sql[];
}

/** An item that is to be changed. */
export interface ChangedItem extends Pick<PolicyItem, 'item'> {
  readonly on: PolicyTable;
}

/** What is to be changed of a table, or of a procedure, `schema.name`. */
export interface ChangedSubject extends Pick<PolicyItem, 'item'> {
  readonly of: 'table' | 'procedure';
  readonly object: string;
}

/** An object of a shard's fingerprint, as `fingerprint_items` of the engine names it. */
export type FingerprintObject = Pick<DifferingObject, 'kind' | 'object'>;

/** The part of an engine that knows how row-level security is written. */
export interface PolicyRenderer {
  /** The digest of the function that tells a shard's fingerprint, as this program has it (`functionDigest` of `policy/fingerprint`). */
  fingerprintFunction(): string;
  /** Everything that must protect a table, in the order in which it is to be set; `tables` are all that its policies may read. */
  wanted(table: PolicyTable, keyType: KeyType, tables: readonly TableColumns[]): readonly PolicyItem[];
  /**
   * Takes the lock that changing these items of one table needs, before anything is changed; null where they need none, or where the
   * engine has no such statement, and each change takes it.
   */
  locking(items: readonly ChangedItem[]): Sql | null;
  /** Statements as they are sent: in one message, where the engine takes them so. */
  messages(statements: readonly Sql[]): readonly Sql[];
  /** A statement that changes a table's protection, so that it waits at most so long for who uses the table, and is the one to give way. */
  patiently(statement: Sql, lockTimeoutMs: number): Sql;
  /** A statement as it stands in a script, among others. */
  inScript(statement: string): string;
  /** Who may call a configured procedure. */
  procedureRights(procedure: LocatedProcedure): readonly PolicyItem[];
  /** Takes back what app was given, and forgets that it was. */
  withdrawal(procedure: ExposedProcedure): PolicyItem;
  /** Forgets that app was given it: of a procedure that is gone. */
  forgetting(given: GivenProcedure): Sql;
  /** What the text of a procedure says that no call may do; `known` are texts that are looked at as well, its own among them. */
  procedureRisks(code: ProcedureCode, known: readonly ProcedureCode[]): readonly ProcedureRisk[];
  /**
   * Whether setting an item of a table sets the whole of an object of the fingerprint, so that nothing of what it was is accepted. Not
   * where the object is more than that, as the rights on a table are besides those of one login.
   */
  sets(changed: ChangedItem, object: FingerprintObject): boolean;
  /**
   * Whether changing an item of a table or procedure changes an object of the fingerprint, or brings it in: with the first right of app to a
   * table all that has its name comes in.
   */
  touches(changed: ChangedSubject, object: FingerprintObject, isNew: boolean): boolean;
  /**
   * The table, as `schema.table`, with which an object of the fingerprint is always there: that of its name, or the one on which it is a
   * trigger that Tenantry makes.
   */
  tableOf(object: FingerprintObject): string;
  /** Removes an item that is there and not wanted; null where the item means nothing without its owner's leave. */
  removal(table: PolicyTable, item: string): Sql | null;
}
