import { TenantryError } from '../core/errors.ts';
import { createMssqlEngine } from '../engine/mssql/mssql-engine.ts';
import { mssqlPolicyRenderer } from '../engine/mssql/policy-renderer.ts';
import { mssqlPurgeStatements } from '../engine/mssql/purge-statements.ts';
import { createMssqlProvisioner } from '../engine/mssql/provisioner.ts';
import { mssqlRehearsals } from '../engine/mssql/rehearsal.ts';
import { mssqlScratch } from '../engine/mssql/scratch.ts';
import { postgresPolicyRenderer } from '../engine/postgres/policy-renderer.ts';
import { createPostgresEngine } from '../engine/postgres/postgres-engine.ts';
import { createPostgresProvisioner } from '../engine/postgres/provisioner.ts';
import { postgresPurgeStatements } from '../engine/postgres/purge-statements.ts';
import { postgresRehearsals } from '../engine/postgres/rehearsal.ts';
import { postgresScratch } from '../engine/postgres/scratch.ts';
import type { Engine } from '../engine/engine.ts';
import type { PolicyRenderer } from '../engine/policy-renderer.ts';
import type { Provisioner } from '../engine/provisioner.ts';
import type { PurgeStatements } from '../engine/purge-statements.ts';
import type { Rehearsals } from '../engine/rehearsal.ts';
import type { ScratchDatabases } from '../engine/scratch.ts';

/** An engine with everything that is written for it. */
export type FullEngine = Engine & {
  readonly renderer: PolicyRenderer;
  readonly purging: PurgeStatements;
  readonly provisioner: Provisioner;
  readonly rehearsals: Rehearsals;
  readonly scratch: ScratchDatabases;
};

/** Engines by the name that addresses have. */
export type Engines = ReadonlyMap<string, FullEngine>;

/** Every engine that Tenantry has; the only place that knows concrete ones. */
export function createEngines(): Engines {
  const postgres = {
    ...createPostgresEngine(),
    renderer: postgresPolicyRenderer,
    purging: postgresPurgeStatements,
    provisioner: createPostgresProvisioner(),
    rehearsals: postgresRehearsals,
    scratch: postgresScratch,
  };
  const mssql = {
    ...createMssqlEngine(),
    renderer: mssqlPolicyRenderer,
    purging: mssqlPurgeStatements,
    provisioner: createMssqlProvisioner(),
    rehearsals: mssqlRehearsals,
    scratch: mssqlScratch,
  };
  return new Map([postgres, mssql].map((engine) => [engine.name, engine]));
}

/** The engine of an address. Throws INVALID_CONFIGURATION where this program does not have it. */
export function engineOf(engines: Engines, { engine: name }: { readonly engine: string }): FullEngine {
  const engine = engines.get(name);
  if (engine === undefined)
    throw new TenantryError('INVALID_CONFIGURATION', `The engine must be one of ${[...engines.keys()].join(', ')}.`);
  return engine;
}
