import type { EngineName } from './database-url.ts';

/**
 * What must be true of a row besides that it is the tenant's: docs/policies.md has each form. Names of values are those of `context`;
 * where a call has not brought a value, nothing is equal to it.
 */
export type PredicateConfig =
  /** The column equals a value. */
  | { readonly owner: string; readonly is: string }
  /** A table of permissions has a row for a value, `user`, and the row's column `of`, `resource`, whose `access` is 1. */
  | {
      readonly permission: string;
      readonly user: string;
      readonly is: string;
      readonly resource: string;
      readonly of: string;
      /** Left out: that the permission is there is enough. */
      readonly access?: string | undefined;
      /** As of `lookup`; false where left out. */
      readonly few?: boolean | undefined;
    }
  /** A table has rows for a value, `key`, and what one of them `gives` is in the row's column `of`. */
  | {
      readonly lookup: string;
      readonly key: string;
      readonly is: string;
      readonly gives: string;
      readonly of: string;
      /** Few of the table's rows, up to some hundred, are one caller's: what they give is gathered first. True where left out. */
      readonly few?: boolean | undefined;
    }
  /** A value is this role, or a list that holds it. */
  | { readonly role: string; readonly in: string }
  /** The row's parent, as `tables` says it, is visible, and meets a predicate of its own. */
  | {
      readonly parent: 'visible' | PredicateConfig;
      /** As of `lookup`, of parents with one column beside the tenant's; false where left out. */
      readonly few?: boolean | undefined;
    }
  | { readonly all: readonly PredicateConfig[] }
  | { readonly any: readonly PredicateConfig[] }
  /**
   * Files with an expression of SQL, by engine, and the columns of the row that it names. Paths are of the working directory. `policy
   * inspect` gives the expression itself, as `sql`.
   */
  | {
      readonly raw: { readonly [Engine in EngineName]?: string | URL | { readonly sql: string } | undefined };
      readonly columns: readonly string[];
    };

/** Which rows there are for whom, besides the tenant: several policies on a table must all be met. */
export interface PolicyConfig {
  /** A table of `tables`, or several. */
  readonly on: string | readonly string[];
  /** For every operation. This, or those that follow. */
  readonly rows?: PredicateConfig | undefined;
  /** Which rows are seen. What is not seen is not changed. */
  readonly read?: PredicateConfig | undefined;
  /** Which rows may be inserted, changed (before and after) and deleted; `insert`, `update` and `delete` take its place one by one. */
  readonly write?: PredicateConfig | undefined;
  readonly insert?: PredicateConfig | undefined;
  readonly update?: PredicateConfig | undefined;
  readonly delete?: PredicateConfig | undefined;
}
