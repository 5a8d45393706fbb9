import type { z } from 'zod';
import { tenantKeyFromText, type KeyType } from '../../shardmap/key.ts';
import { TenantryError } from '../core/errors.ts';
import type { PrincipalName } from '../core/principal.ts';
import type { Procedure } from '../core/procedure.ts';
import { issuerKeys, type IssuerFields } from './auth-schema.ts';
import { checkPolicies } from './policy-checks.ts';
import type { PolicyParts } from './policy-parts.ts';
import type { PolicySetting } from './policy-schema.ts';
import { ValidParts } from './problems.ts';

/** The parts of a configuration that have to fit together. A field with a problem of its own may hold anything. */
interface FieldsTogether extends PolicyParts {
  readonly fleetKey: { readonly current: Uint8Array; readonly previous?: Uint8Array | undefined };
  readonly map: { readonly key: KeyType };
  readonly logins: Readonly<Record<PrincipalName, { readonly user: string }>>;
  readonly procedures: readonly Procedure[];
  readonly auth: { readonly issuers: readonly IssuerFields[] };
}

type Path = readonly PropertyKey[];
type Report = (path: Path, message: string) => void;

/**
 * Reports what is wrong with fields together, beside what is wrong with others alone: each rule is looked at wherever
 * the fields that it concerns are valid.
 */
export function checkTogether(fields: FieldsTogether, context: z.core.$RefinementCtx): void {
  const valid = new ValidParts(context.issues);
  const report: Report = (path, message) => context.addIssue({ code: 'custom', path: [...path], message });
  if (valid.areValid(['fleetKey'])) checkFleetKey(fields, report);
  if (valid.areValid(['logins'])) checkLogins(fields.logins, report);
  if (valid.areValid(['tables'], ['procedures'])) checkProcedures(fields, report);
  if (valid.areValid(['tables'], ['context']) && valid.isThere(['policies'])) {
    const policies = Object.entries(fields.policies).filter(([name]) => valid.isThere(['policies', name]));
    checkPolicies(
      { ...fields, policies: Object.fromEntries(policies.map(([name, policy]) => [name, validOf(name, policy, valid)])) },
      report,
    );
  }
  if (!valid.isThere(['auth', 'issuers'])) return;
  const { map, auth } = fields;
  const seen = new Set<string>();
  auth.issuers.forEach((issuer, index) => {
    const at = (...names: readonly string[]): Path[] => names.map((name) => ['auth', 'issuers', index, name]);
    if (valid.areValid(...at('issuer'))) {
      if (seen.has(issuer.issuer)) report(['auth', 'issuers', index, 'issuer'], 'is configured twice; an issuer stands once');
      seen.add(issuer.issuer);
    }
    if (valid.areValid(...at('algorithms', 'jwks', 'key', 'development'))) {
      const keys = issuerKeys(issuer);
      if ('message' in keys) report(['auth', 'issuers', index, keys.path], keys.message);
    }
    if (valid.areValid(['map', 'key'], ...at('tenants'))) checkTenants(issuer, map.key, ['auth', 'issuers', index, 'tenants'], report);
  });
}

/** Whose rows they are is the token's to say, and no answer's to tell. */
function checkProcedures({ tables, procedures }: Pick<FieldsTogether, 'tables' | 'procedures'>, report: Report): void {
  const tenantColumns = new Set(tables.flatMap(({ tenantColumn }) => tenantColumn ?? []));
  for (const { name, parameters, returns } of procedures) {
    for (const parameter of parameters)
      if (tenantColumns.has(parameter.name))
        report(
          ['procedures', name, 'parameters', parameter.name],
          'is the tenant column of a table; the token decides whose rows they are',
        );
    for (const column of returns.kind === 'rows' ? returns.columns : [])
      if (tenantColumns.has(column.name))
        report(['procedures', name, 'returns', 'rows', column.name], 'is the tenant column of a table, which no answer has');
  }
}

/** One who replaced a key by itself would be told that all is done. */
function checkFleetKey({ fleetKey: { current, previous } }: Pick<FieldsTogether, 'fleetKey'>, report: Report): void {
  if (previous !== undefined && Buffer.compare(current, previous) === 0)
    report(['fleetKey', 'previous'], 'must be another key than fleetKey.current');
}

/** One login each: a login that is two principals has the rights of both. */
function checkLogins(logins: FieldsTogether['logins'], report: Report): void {
  const seen = new Map<string, string>();
  for (const [principal, { user }] of Object.entries(logins)) {
    const other = seen.get(user);
    if (other === undefined) seen.set(user, principal);
    else report(['logins', principal, 'user'], `is that of logins.${other}; every principal needs a login of its own`);
  }
}

/** Tenants that are not in the canonical form of the map's key type: no token could ever name them. */
function checkTenants({ tenants }: IssuerFields, type: KeyType, path: Path, report: Report): void {
  for (const tenant of tenants === '*' ? [] : tenants) {
    try {
      tenantKeyFromText(type, tenant);
    } catch (error) {
      if (!(error instanceof TenantryError)) throw error;
      report(path, `names "${tenant}". ${error.message}`);
    }
  }
}

/** A policy with those of its parts with which nothing is wrong. */
function validOf(name: string, policy: PolicySetting, valid: ValidParts): PolicySetting {
  return { on: [], ...Object.fromEntries(Object.entries(policy).filter(([part]) => valid.areValid(['policies', name, part]))) };
}
