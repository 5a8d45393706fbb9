import type { SqlValue } from '../../core/sql.ts';

/** A schema in the dialect of OpenAPI 3.1, JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How the values of one column pass between JSON, paths and statements. */
export interface ColumnCodec {
  /** Completes "must be ...". */
  readonly allowed: string;
  /** JSON Schema of a value other than null, as a body gives it. */
  readonly schema: JsonSchema;
  /** JSON Schema of what answers hold, where that is more. */
  readonly answerSchema?: JsonSchema;
  /** What a statement takes for a JSON value other than null; undefined where the value is not allowed. */
  fromJson(value: unknown): SqlValue | undefined;
  /** As `fromJson`, for the text of a key in a path or cursor; undefined too for a kind that cannot be in a key. */
  fromText(text: string): SqlValue | undefined;
  /** JSON of what the database gave, other than null; left out where it is JSON already. */
  readonly toJson?: (value: unknown) => unknown;
  /** The select list reads it as text: as it is, as a time of UTC, or with every digit. */
  readonly readAs?: 'as it is' | 'in UTC' | 'every digit';
}

/** The codec of values that are text in JSON and in paths; `check` gives what a statement takes, or undefined. */
export function stringCodec(allowed: string, check: (text: string) => SqlValue | undefined, schema: JsonSchema): ColumnCodec {
  return {
    allowed,
    schema: { type: 'string', ...schema },
    fromJson: (value) => (typeof value === 'string' ? check(value) : undefined),
    fromText: check,
  };
}

/** What the database gave as text or as a number. Throws TypeError for anything else. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new TypeError('The database gave no text for a column that is read as text.');
}
