import type { SqlSession } from '../core/session.ts';

/** Something that protects a table of a database, whoever made it. */
export interface LivePart extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string;
  readonly part: keyof typeof order;
  /** Of the policy, its function, the owner, or whose rights they are; of a table its own. */
  readonly name: string;
  /** As a renderer names what it wants; null: no renderer makes such a thing. */
  readonly item: string | null;
  readonly details: Readonly<Record<string, string | readonly string[] | null>>;
  /** What makes it; null where the login may not read it, or there is nothing to make. */
  readonly statement: string | null;
}

/** What is made before what. */
const order = { table: 0, function: 1, policy: 2, rights: 3, owner: 4 } as const;

/** Everything that protects the tables of a database, each table's in the order in which it is made. */
export async function readLiveParts(session: SqlSession): Promise<LivePart[]> {
  const { rows } = await session.run<LivePart>('policy/inspect');
  // Stable: within a kind they stay as the database has put them.
  return rows.toSorted((one, other) => order[one.part] - order[other.part]);
}
