import { missingPrograms } from '../../scripts/tsql-check/compiler.ts';
import { opensslMissing } from './certificates.ts';
import { mssqlMissing } from './servers/mssql.ts';
import { redisMissing, redisServerMissing } from './servers/redis.ts';

/** Servers that tests need, each with the reason why it is not to be had here, or undefined. */
const missing = {
  /** Always there: npm installs it. */
  postgres: () => undefined,
  /** Any Redis. */
  redis: redisMissing,
  /** A Redis that the test may kill. */
  'redis-server': redisServerMissing,
  /** A SQL Server on which tests may make databases and logins. */
  mssql: mssqlMissing,
  /** The program that makes certificates. */
  openssl: opensslMissing,
  /** What Microsoft's T-SQL compiler runs on. */
  mono: () => (missingPrograms().length === 0 ? undefined : `there is no ${missingPrograms().join(', no ')} on the PATH`),
} as const satisfies Record<string, () => string | undefined>;

/** A server that tests need, by the name that TENANTRY_TEST_REQUIRE uses. */
export type Need = keyof typeof missing;

/** Every need by its name. */
export const allNeeds = Object.keys(missing) as readonly Need[];

/** Why a need cannot be met, as `name: reason`; undefined where it can. */
export function unmet(need: Need): string | undefined {
  const reason = missing[need]();
  return reason === undefined ? undefined : `${need}: ${reason}`;
}

/** All needs that cannot be met here, as `name: reason`. */
export function unmetNeeds(): string[] {
  return allNeeds.map(unmet).filter((reason) => reason !== undefined);
}

/**
 * What TENANTRY_TEST_REQUIRE names (separated by commas): where one of them is missing, the run fails. Throws for a name it does not know.
 */
export function requiredNeeds(): Need[] {
  const names = (process.env['TENANTRY_TEST_REQUIRE'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.filter((name) => !Object.hasOwn(missing, name));
  if (unknown.length > 0)
    throw new Error(`TENANTRY_TEST_REQUIRE names ${unknown.join(', ')}; no test needs that. Allowed: ${allNeeds.join(', ')}.`);
  return names as Need[];
}
