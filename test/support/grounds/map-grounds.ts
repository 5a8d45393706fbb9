import { describe, it } from 'vitest';
import { unmet } from '../needs.ts';
import type { EngineGround } from './engine-ground.ts';
import { mssqlGround } from './mssql-ground.ts';
import { postgresGround } from './postgres-ground.ts';

/** Where a shard map lives: its catalog on one kind of server, its first shard on one, every other on one. */
export interface MapGrounds {
  readonly title: string;
  readonly catalog: EngineGround;
  readonly firstShard: EngineGround;
  readonly otherShards: EngineGround;
}

/** Everything on PostgreSQL. */
export const allOnPostgres: MapGrounds = {
  title: 'on PostgreSQL',
  catalog: postgresGround,
  firstShard: postgresGround,
  otherShards: postgresGround,
};
const allOnMssql: MapGrounds = { title: 'on SQL Server', catalog: mssqlGround, firstShard: mssqlGround, otherShards: mssqlGround };
const mixed: readonly MapGrounds[] = [
  {
    title: 'with its catalog on PostgreSQL and shards on SQL Server and PostgreSQL',
    catalog: postgresGround,
    firstShard: mssqlGround,
    otherShards: postgresGround,
  },
  {
    title: 'with its catalog on SQL Server and shards on PostgreSQL and SQL Server',
    catalog: mssqlGround,
    firstShard: postgresGround,
    otherShards: mssqlGround,
  },
];

/** Declares one suite for each engine. Where its server is not to be had, the suite is named among what could not run. */
export function describeOnEachEngine(title: string, suite: (ground: EngineGround) => void): void {
  for (const ground of [postgresGround, mssqlGround]) describeOn([ground], `${title}, on ${ground.title}`, () => suite(ground));
}

/** Likewise one for each kind of map: all on one kind of server, and `alsoMixed` of both. */
export function describeOnEachGround(title: string, suite: (grounds: MapGrounds) => void, alsoMixed: 'also mixed' | 'each alone'): void {
  for (const grounds of [allOnPostgres, allOnMssql, ...(alsoMixed === 'also mixed' ? mixed : [])]) {
    const { catalog, firstShard, otherShards } = grounds;
    describeOn([catalog, firstShard, otherShards], `${title}, ${grounds.title}`, () => suite(grounds));
  }
}

function describeOn(grounds: readonly EngineGround[], title: string, suite: () => void): void {
  const missing = grounds.map(({ need }) => unmet(need)).find((reason) => reason !== undefined);
  describe(title, () => {
    if (missing === undefined) suite();
    else it('can run', (context) => context.skip(missing));
  });
}
