import { randomBytes } from 'node:crypto';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import { withPolicies } from '../../../src/config/row-policies.ts';
import type { ContextSetting, TableSettings } from '../../../src/config/settings.ts';
import { contextText } from '../../../src/core/context-values.ts';
import { sqlText } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import type { Entry } from '../../../src/engine/entry.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { applyDespiteLeaks } from '../../support/apply-despite-leaks.ts';
import { postgresPolicies } from '../../support/policy-shard.ts';
import { createTestShard, shardLogins, type TestShard } from '../../support/postgres-shard.ts';
import { startPostgres } from '../../support/servers/postgres.ts';
import { permitted, type Kind } from './kinds.ts';
import { accepting, signerOfTests } from '../../support/accepting.ts';

/** Tenants of the shard, each with as many rows. */
export const tenants = 4;
export const samplesPerTenant = 30_000;
const projects = 1_000;

const ofTenant = { tenantColumn: 'TenantId' };
const tables: readonly TableSettings[] = [
  { name: 'Projects', table: 'Projects', ...ofTenant },
  { name: 'Samples', table: 'Samples', ...ofTenant, parent: { table: 'Projects', columns: [{ child: 'ProjectId', parent: 'Id' }] } },
  { name: 'ByHand', table: 'ByHand', ...ofTenant },
  { name: 'Permissions', table: 'Permissions', ...ofTenant },
  { name: 'Employees', table: 'Employees', ...ofTenant },
];
const context: readonly ContextSetting[] = [
  { name: 'userId', type: 'string' },
  { name: 'roles', type: 'strings' },
];
const indexed: readonly (readonly [table: string, column: string])[] = [
  ...['Samples', 'ByHand'].flatMap((table) => ['ProjectId', 'Owner', 'OrganizationId'].map((column) => [table, column] as const)),
  ['Projects', 'Owner'],
];

/** A shard with two tables of the same rows, Samples and ByHand; the policies of a kind are on Samples alone. */
export class PredicateWorld {
  readonly #shard: TestShard;
  readonly #stop: () => Promise<void>;
  #connection: EngineConnection | undefined;
  readonly entry: Entry;

  private constructor(shard: TestShard, stop: () => Promise<void>, entry: Entry) {
    this.#shard = shard;
    this.#stop = stop;
    this.entry = entry;
  }

  /** A tenant's, opened since the policies are what they are: plans of the same text before would count in the choice of the next. */
  get connection(): EngineConnection {
    if (this.#connection === undefined) throw new Error('No kind of predicate has been applied yet.');
    return this.#connection;
  }

  /** Starts the server and loads the rows: some ten seconds. */
  static async start(): Promise<PredicateWorld> {
    const server = await startPostgres({ settings: { shared_buffers: '256MB', autovacuum: 'off' } });
    const shard = await createTestShard(server, 'predicates');
    const token = randomBytes(16);
    await shard.admin.query(sqlText(schema));
    const entry = { mappingId: 1, key: encodeInt(1), epoch: 1, token, isPoint: false };
    await shard.admin.query(
      sqlText(`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
        values (1, 'point', '\\x${hex(entry.key)}', 'ONLINE', 1, '\\x${hex(token)}')`),
    );
    await applyDespiteLeaks(shard.admin, postgresPolicies, {
      tables,
      procedures: [],
      accepting: accepting(shard.shardId),
      keyType: 'int',
      dryRun: false,
    });
    await shard.root.query(sqlText('vacuum (freeze, analyze)'));
    return new PredicateWorld(shard, () => server.stop(), entry);
  }

  /** Puts a kind's predicate on Samples, in place of what was there. */
  async apply(kind: Kind): Promise<void> {
    const policies = { measured: { on: ['Samples'], rows: kind.rows } };
    const wanted = withPolicies({ tables, context, policies });
    await applyDespiteLeaks(this.#shard.admin, postgresPolicies, {
      tables: wanted,
      procedures: [],
      accepting: accepting(this.#shard.shardId),
      keyType: 'int',
      dryRun: false,
    });
    await this.#connection?.close();
    const { address, shardId, incarnation } = this.#shard;
    const expected = { shardId, incarnation, signer: signerOfTests(shardId), tables: [], contextProtection: 'guarded' } as const;
    this.#connection = await createPostgresEngine().connect(address, shardLogins.app, expected);
  }

  /** Makes the indexes that a kind may be glad of, or takes them away. */
  async index(whether: 'with' | 'without'): Promise<void> {
    for (const [table, column] of indexed) {
      const index = `"${table}_${column}"`;
      await this.#shard.admin.query(
        sqlText(whether === 'with' ? `create index ${index} on "${table}" ("TenantId", "${column}")` : `drop index if exists ${index}`),
      );
    }
    await this.#shard.root.query(sqlText('analyze "Samples", "ByHand", "Projects"'));
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    await this.#shard.close();
    await this.#stop();
  }
}

/** What the call of a kind's caller brings. */
export function valuesOf({ caller }: Kind): string | undefined {
  return contextText(new Map(context.map(({ name, type }) => [name, type])), caller);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const samples = `("TenantId" integer not null, "Id" integer not null, "ProjectId" integer not null, "Owner" text not null,
  "OrganizationId" integer not null, "Payload" text not null, primary key ("TenantId", "Id"))`;
const everyTenant = `generate_series(1, ${tenants}) as tenant`;
/** Every user's permissions are spread over the samples, and hold sample 12. */
const permissions = Object.entries(permitted).map(
  ([user, count]) => `
    insert into "Permissions" select tenant, '${user}', (12 + (i - 1) * ${samplesPerTenant / count}) % ${samplesPerTenant}, 1
      from ${everyTenant}, generate_series(1, ${count}) as i;`,
);
const schema = `
  create table "Projects" ("TenantId" integer not null, "Id" integer not null, "Owner" text not null, primary key ("TenantId", "Id"));
  create table "Samples" ${samples};
  create table "ByHand" ${samples};
  create table "Permissions" ("TenantId" integer not null, "UserId" text not null, "SampleId" integer not null, "HasAccess" smallint not null,
    primary key ("TenantId", "UserId", "SampleId"));
  create table "Employees" ("TenantId" integer not null, "ObjectId" text not null, "OrganizationId" integer not null,
    primary key ("TenantId", "ObjectId", "OrganizationId"));
  insert into "Projects" select tenant, i, 'user' || i % 50 from ${everyTenant}, generate_series(0, ${projects - 1}) as i;
  insert into "Samples" select tenant, i, i % ${projects}, 'user' || i % 50, i % 100, repeat('x', 60)
    from ${everyTenant}, generate_series(0, ${samplesPerTenant - 1}) as i;
  insert into "ByHand" select * from "Samples";
  ${permissions.join('')}
  insert into "Permissions" select tenant, 'other' || i / 100, i % 100 * 300, (i % 10 <> 0)::integer
    from ${everyTenant}, generate_series(1, 20000) as i;
  insert into "Employees" select tenant, 'three', organization from ${everyTenant}, unnest(array[12, 40, 77]) as organization;
  insert into "Employees" select tenant, 'employee' || i, i % 100 from ${everyTenant}, generate_series(1, 2000) as i`;
