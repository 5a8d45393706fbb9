import { randomBytes, randomUUID } from 'node:crypto';
import type { CaseRun, ScratchPlace } from '../../cli/services.ts';
import type { Settings } from '../../config.ts';
import type { KeyType } from '../../core/key-type.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { sqlText, type Sql } from '../../core/sql.ts';
import { TenantryError } from '../../core/errors.ts';
import { failureOf } from '../../../shardmap/recorded.ts';
import { installShard } from '../../policy/install.ts';
import { provision } from '../../policy/provision.ts';
import { runCases } from '../../policy/cases/run-cases.ts';
import { acceptingOn } from './accepting.ts';
import { engineOf, type Engines, type FullEngine } from '../engines.ts';

/** Where cases are run. */
interface CasesPlace {
  readonly keyType: KeyType;
  readonly isScratch: boolean;
}

/** Cases are of rows: the schema need not make what is configured to be called. */
const uncalled: Settings['procedures'] = [];

/** Runs cases in a database; `admin` is that database as admin. */
export async function testCases(
  admin: SqlDatabase,
  engine: FullEngine,
  { logins, context, tables }: Pick<Settings, 'logins' | 'context' | 'tables'>,
  { files, isChosen, onFile, keyType, isScratch }: CaseRun & CasesPlace,
): Promise<void> {
  const { app, superuser, mover } = logins;
  const users = { app: app.user, superuser: superuser.user, mover: mover.user };
  const types = new Map(context.map(({ name, type }) => [name, type]));
  for await (const result of runCases(admin, engine, { files, tables, isChosen, keyType, users, context: types, isScratch }))
    onFile(result);
}

/**
 * Makes a database on a server, with the tables of a schema and what protects them, runs cases there, and drops it. It says of no shard
 * that it is one, and no catalog knows it; the logins of the configuration stay on the server. Throws INVALID_REQUEST where the schema
 * cannot be made.
 */
export async function testOnScratch(
  engines: Engines,
  settings: Settings,
  { address, login, schema }: ScratchPlace,
  run: CaseRun,
): Promise<void> {
  const engine = engineOf(engines, address);
  const server = engine.open(address, login, { connections: 1, serverNamesOnly: true });
  const name = `tenantry_test_${randomBytes(8).toString('hex')}`;
  try {
    await server.query(engine.scratch.create(name));
    const failed = await failureOf(testIn(engine, settings, { address: { ...address, database: name }, login, schema }, run));
    const left = await failureOf(drop(server, engine.scratch.drop(name)));
    if (left !== undefined) throw leftBehind(name, left, failed);
    if (failed !== undefined) throw failed;
  } finally {
    await server.close();
  }
}

/** In a database that was just made. */
async function testIn(engine: FullEngine, settings: Settings, { address, login, schema }: ScratchPlace, run: CaseRun): Promise<void> {
  await using(engine.open(address, login, { connections: 1 }), (administrator) => furnish(administrator, engine, settings, schema));
  await using(engine.open(address, settings.logins.admin), async (admin) => {
    const { tables, contextProtection, capabilities, map } = settings;
    const accepting = acceptingOn(settings, { shardId: randomUUID(), name: '' }, 'policy test');
    await installShard(admin, engine, { tables, procedures: uncalled, keyType: map.key, contextProtection, capabilities, accepting });
    await testCases(admin, engine, settings, { ...run, keyType: map.key, isScratch: true });
  });
}

async function drop(server: SqlDatabase, statement: Sql): Promise<void> {
  await server.query(statement);
}

/** That the database is still there, after what failed before it, if anything did. */
function leftBehind(name: string, left: TenantryError, failed: TenantryError | undefined): TenantryError {
  const { code, reason, outcome } = failed ?? left;
  const why = `The database ${name}, which was made for the cases, could not be dropped: ${left.reason}`;
  return new TenantryError(code, failed === undefined ? why : `${reason} ${why}`, { cause: failed ?? left, outcome });
}

/** The user's tables first: provisioning hands them to admin. */
async function furnish(administrator: SqlDatabase, engine: FullEngine, settings: Settings, schema: string): Promise<void> {
  const { logins, contextProtection, tables } = settings;
  for (const [index, batch] of engine.scratch.batches(schema).entries()) {
    await administrator.query(sqlText(batch)).catch((error: unknown) => {
      if (!(error instanceof TenantryError)) throw error;
      throw new TenantryError('INVALID_REQUEST', `The schema cannot be made: ${index === 0 ? '' : `batch ${index + 1}: `}${error.reason}`, {
        cause: error,
      });
    });
  }
  await provision(administrator, engine.provisioner, { logins, contextProtection, tables, procedures: uncalled });
}

async function using(database: SqlDatabase, work: (database: SqlDatabase) => Promise<void>): Promise<void> {
  try {
    await work(database);
  } finally {
    await database.close();
  }
}
