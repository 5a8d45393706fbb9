import type { ContextValue } from '../core/context-values.ts';
import type { PrincipalName } from '../core/principal.ts';
import type { EngineName } from './database-url.ts';

/** A value of a column: `bigint` where digits would be lost, an object or a list for a column of JSON. */
export type TestValue = string | number | bigint | boolean | Date | Uint8Array | null | object;

/**
 * Values by column: those that matter. What else a row must have is made up where it is inserted. In a tenant column stands the name of
 * one of the file's tenants.
 */
export type TestRow = Readonly<Record<string, TestValue>>;

/** Who runs a statement. */
export interface TestActor {
  /** The login: `app` unless it says otherwise. The others see every tenant's rows, and have neither `tenant` nor `context`. */
  readonly principal?: PrincipalName | undefined;
  /** One of the file's tenants. */
  readonly tenant?: string | undefined;
  /** What a call brings besides: values of the configuration's `context`. */
  readonly context?: Readonly<Record<string, ContextValue>> | undefined;
}

/** Rows that a statement gives: exactly these, in any order. */
interface TestRows {
  readonly rows: readonly TestRow[];
}

interface TestCaseOfSomebody {
  /** Once in a file. */
  readonly name: string;
  /** One of `actors`, or somebody of this case alone. */
  readonly as: string | TestActor;
}

/**
 * A statement of somebody, and what comes of it. `where` has columns that are equal, `null` for those that are null; without it every
 * row of the file is meant. `'denied'`: refused for want of a right, or, of `update` and `delete`, none of the rows changed. `'allowed'`:
 * all of them are.
 */
export type TestCase = TestCaseOfSomebody &
  (
    | {
        readonly select: string;
        readonly where?: TestRow | undefined;
        readonly expect: TestRows | { readonly count: number } | 'denied';
      }
    | {
        readonly insert: string;
        readonly values: TestRow | readonly TestRow[];
        readonly expect: 'allowed' | 'denied';
      }
    /** Inserts the rows, or changes those that are there by the primary key. */
    | {
        readonly upsert: string;
        readonly values: TestRow | readonly TestRow[];
        readonly expect: 'allowed' | 'denied';
      }
    | {
        readonly update: string;
        readonly set: TestRow;
        readonly where?: TestRow | undefined;
        readonly expect: 'allowed' | 'denied' | { readonly changed: number };
      }
    | {
        readonly delete: string;
        readonly where?: TestRow | undefined;
        readonly expect: 'allowed' | 'denied' | { readonly changed: number };
      }
    /** In words of its own: one text for every engine, or a text for each; an engine without one passes over the case. */
    | {
        readonly sql: string | { readonly [Engine in EngineName]?: string | undefined };
        readonly expect:
          | (TestRows & { readonly ordered?: boolean | undefined })
          | { readonly count: number }
          | { readonly changed: number }
          | 'denied';
      }
  );

/** A file of cases for `tenantry policy test`. */
export interface PolicyTests {
  /** One or two tenants, by names that this file gives them, with the rows that each has: lists by table. */
  readonly tenants: Readonly<Record<string, Readonly<Record<string, readonly TestRow[]>>>>;
  /** Rows of reference tables, each with its primary key. */
  readonly shared?: Readonly<Record<string, readonly TestRow[]>> | undefined;
  /** Who appears in several cases, by name. */
  readonly actors?: Readonly<Record<string, TestActor>> | undefined;
  readonly cases: readonly TestCase[];
}

/** Gives cases their type, for editors and compilers: `export default definePolicyTests({ ... })`. */
export function definePolicyTests(tests: PolicyTests): PolicyTests {
  return tests;
}
