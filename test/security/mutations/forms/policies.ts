import type { LivePolicy } from '../live-objects.ts';
import type { Form } from '../mutation.ts';

const again = ({ name, table, command, role, permissive, rest }: LivePolicy, other: Partial<LivePolicy>): string => {
  const said = { command, role, permissive, rest, ...other };
  return `drop policy ${name} on ${table}; create policy ${name} on ${table} as ${said.permissive ? 'permissive' : 'restrictive'} for ${said.command} to ${said.role}${said.rest}`;
};

/** A clause that each kind of statement may have. */
const clauses = (command: string, using: string, check: string): string =>
  `${command === 'insert' ? '' : ` using (${using})`}${command === 'select' || command === 'delete' ? '' : ` with check (${check})`}`;
const altered = (policy: LivePolicy, using: string, check = using): string =>
  `alter policy ${policy.name} on ${policy.table}${clauses(policy.command, using, check)}`;
const tenants = `"TenantId" = (select tenantry.current_tenant())`;

export const policyForms: readonly Form<LivePolicy>[] = [
  ['drop', ({ name, table }) => `drop policy ${name} on ${table}`],
  ['true', (policy) => altered(policy, 'true')],
  [
    'using true',
    ({ name, table, command, using }) =>
      `alter policy ${name} on ${table} ${using === null ? `with check (true or ${String(command === 'all')})` : 'using (true)'}`,
  ],
  [
    'with check true',
    ({ name, table, command }) =>
      `alter policy ${name} on ${table} ${command === 'select' || command === 'delete' ? 'using (true)' : 'with check (true)'}`,
  ],
  ['false', (policy) => altered(policy, 'false')],
  [
    'or true',
    (policy) =>
      altered(policy, `(${policy.using ?? policy.check ?? 'false'}) or true`, `(${policy.check ?? policy.using ?? 'false'}) or true`),
  ],
  [
    'or another row',
    (policy) =>
      altered(
        policy,
        `(${policy.using ?? policy.check ?? 'false'}) or ${policy.other} = 2`,
        `(${policy.check ?? policy.using ?? 'false'}) or ${policy.other} = 2`,
      ),
  ],
  ['wrong column', (policy) => altered(policy, `${policy.other} = (select tenantry.current_tenant())`)],
  ['wrong comparison', (policy) => altered(policy, `"TenantId" >= (select tenantry.current_tenant())`)],
  ['wrong function', (policy) => altered(policy, `"TenantId" = (select coalesce(tenantry.current_tenant(), 2))`)],
  ['the tenant alone', (policy) => altered(policy, tenants)],
  ['to everybody', ({ name, table }) => `alter policy ${name} on ${table} to public`],
  [
    'to another role',
    ({ name, table, role }) => `alter policy ${name} on ${table} to ${role === 'tenantry_mover' ? 'tenantry_superuser' : 'tenantry_mover'}`,
  ],
  ['to app as well', ({ name, table, role }) => `alter policy ${name} on ${table} to ${role}, shop_app`],
  ['renamed', ({ name, table }) => `alter policy ${name} on ${table} rename to another`],
  ['permissive or not', (policy) => again(policy, { permissive: !policy.permissive })],
  ...(['select', 'insert', 'update', 'delete'] as const).map((command): Form<LivePolicy> => [
    `for ${command} alone`,
    (policy) =>
      again(policy, { command, rest: clauses(command, policy.using ?? policy.check ?? 'false', policy.check ?? policy.using ?? 'false') }),
  ]),
  ['its comment gone', ({ name, table }) => `comment on policy ${name} on ${table} is null`],
  ['made again as it was', (policy) => again(policy, {})],
  [
    'expression changed in the catalog',
    ({ name, table }) => `update pg_policy set polqual = null where polname = ${literal(name)} and polrelid = '${table}'::regclass`,
  ],
  [
    'roles changed in the catalog',
    ({ name, table }) => `update pg_policy set polroles = '{10}' where polname = ${literal(name)} and polrelid = '${table}'::regclass`,
  ],
];

function literal(name: string): string {
  return `'${name.replaceAll('"', '')}'`;
}
