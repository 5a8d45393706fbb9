import { afterAll, beforeAll } from 'vitest';
import type { KeyType } from '../../shardmap/key.ts';
import type { TenantryConfig } from '../../src/config.ts';
import { proceduresSchema } from '../../src/config/procedures-schema.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import { sqlText } from '../../src/core/sql.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { postgresPolicyRenderer } from '../../src/engine/postgres/policy-renderer.ts';
import { qualifiedTables } from '../../src/engine/qualified-tables.ts';
import { applyPolicies, previewPolicies } from '../../src/policy/apply.ts';
import type { ConfiguredTable, PolicyFinding, PolicyResult } from '../../src/policy/model.ts';
import type { LoginUsers } from '../../src/policy/wanted-policies.ts';
import { createTestShard, shardLogins, type TestShard } from './postgres-shard.ts';
import { startPostgres, type PostgresServer } from './servers/postgres.ts';
import { accepting } from './accepting.ts';
import { applyDespiteLeaks } from './apply-despite-leaks.ts';

const engine = createPostgresEngine();

/** What `policy apply` needs of PostgreSQL. */
export const postgresPolicies = { renderer: postgresPolicyRenderer, dialect: engine.dialect, capabilitiesOf: engine.capabilitiesOf };
/** The table that every new shard of the tests has, as a configuration names it. */
export const blogs: ConfiguredTable = { table: 'Blogs', tenantColumn: 'TenantId' };

interface ApplyOptions {
  readonly dryRun?: boolean;
  readonly keyType?: KeyType;
  /** As a configuration has them. */
  readonly procedures?: TenantryConfig['procedures'];
  readonly logins?: LoginUsers;
  /** Whatever leaks there is accepted for a while. */
  readonly despiteLeaks?: boolean;
}

/** A shard to which policies are applied, and another one whenever a test asks for it. */
class PolicyShard {
  #made = 0;
  #server: PostgresServer | undefined;
  #database: TestShard | undefined;
  #app: SqlDatabase | undefined;

  get server(): PostgresServer {
    return present(this.#server);
  }

  get database(): TestShard {
    return present(this.#database);
  }

  /** The shard as a tenant's login finds it. */
  get app(): SqlDatabase {
    return present(this.#app);
  }

  async start(): Promise<void> {
    this.#server = await startPostgres();
  }

  /** Goes on with a new database, in which Blogs is protected. */
  async renew(keyType: KeyType = 'int'): Promise<void> {
    await this.#leave();
    this.#made += 1;
    this.#database = await createTestShard(this.server, `policies_${this.#made}`, { keyType });
    this.#app = engine.open(this.#database.address, shardLogins.app);
  }

  /** What became of the tables: what is accepted besides is the matter of tests of its own. */
  async apply(
    tables: readonly ConfiguredTable[] = [blogs],
    { dryRun = false, keyType = 'int', procedures, logins, despiteLeaks = false }: ApplyOptions = {},
  ): Promise<PolicyResult> {
    const { shardId, admin } = this.database;
    const request = { tables, procedures: proceduresSchema.parse(procedures), accepting: accepting(shardId), keyType, dryRun, logins };
    return ofTables(await (despiteLeaks ? applyDespiteLeaks : applyPolicies)(admin, postgresPolicies, request));
  }

  /** What is found, also where nothing would be applied for it. */
  async warnings(tables: readonly ConfiguredTable[] = [blogs]): Promise<readonly PolicyFinding[]> {
    const { shardId, admin } = this.database;
    const request = { tables, procedures: [], accepting: accepting(shardId), keyType: 'int' } as const;
    return (await previewPolicies(admin, postgresPolicies, request)).warnings;
  }

  /** For what a connection of app would be refused, each with its table. */
  async gateProblems(tables: readonly ConfiguredTable[] = [blogs]): Promise<string[]> {
    const named = qualifiedTables(
      tables.map((table) => ({ name: table.table, ...table })),
      engine.dialect,
    );
    const { rows } = await this.app.run<{ table: string | null; problem: string }>('policy/gate', { tables: JSON.stringify(named) });
    return rows.map(({ table, problem }) => `${table ?? 'login'}: ${problem}`);
  }

  async asAdmin(statements: string): Promise<void> {
    await this.database.admin.query(sqlText(statements));
  }

  async asRoot(statements: string): Promise<void> {
    await this.database.root.query(sqlText(statements));
  }

  async stop(): Promise<void> {
    await this.#leave();
    await this.#server?.stop();
  }

  async #leave(): Promise<void> {
    await this.#app?.close();
    await this.#database?.close();
  }
}

/** A result without the objects that would be accepted as they are now. */
function ofTables(result: PolicyResult): PolicyResult {
  return { ...result, changes: result.changes.filter(({ kind }) => kind !== 'accept') };
}

/** Starts a server for the tests of a file, which make the shard on it by `renew`. */
export function usePolicyShard(): PolicyShard {
  const shard = new PolicyShard();
  beforeAll(() => shard.start());
  afterAll(() => shard.stop());
  return shard;
}

function present<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('The shard of the tests has not been made yet.');
  return part;
}
