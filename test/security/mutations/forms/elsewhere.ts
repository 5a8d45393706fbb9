import type { LiveForeignTable, LiveObject } from '../live-objects.ts';
import type { Form } from '../mutation.ts';

/** What is done to a server of foreign tables. */
export const foreignServerForms: readonly Form<LiveObject>[] = [
  ['an option', ({ object }) => `alter server ${object} options (add fetch_size '7')`],
  ['of another database', ({ object }) => `alter server ${object} options (set dbname 'postgres')`],
  ['of another version', ({ object }) => `alter server ${object} version '2'`],
  ['granted to app', ({ object }) => `grant usage on foreign server ${object} to tenantry_app`],
  ['granted to everybody', ({ object }) => `grant usage on foreign server ${object} to public`],
  ['owned by app', ({ object }) => `alter server ${object} owner to tenantry_app`],
  ['owned by admin', ({ object }) => `alter server ${object} owner to tenantry_admin`],
  ['a user mapping for everybody', ({ object }) => `create user mapping for public server ${object} options (user 'shop_reports')`],
  ['a user mapping for reports', ({ object }) => `create user mapping for shop_reports server ${object} options (user 'shop_app')`],
  ['renamed', ({ object }) => `alter server ${object} rename to another`],
  ['drop', ({ object }) => `drop server ${object} cascade`],
  ['a comment', ({ object }) => `comment on server ${object} is 'x'`],
];

/** What is done to what somebody is on such a server; `all` is the login for reports, who sees every tenant's rows. */
export function userMappingForms(all: { readonly user: string; readonly password: string }): readonly Form<LiveObject>[] {
  const options = (action: string): string => `options (${action}user '${all.user}', ${action}password '${all.password}')`;
  return [
    ['somebody else', ({ object }) => `alter user mapping ${object} ${options('set ')}`],
    ['made again as somebody else', ({ object }) => `drop user mapping ${object}; create user mapping ${object} ${options('')}`],
    ['without a password', ({ object }) => `alter user mapping ${object} options (add password_required 'false', drop password)`],
    ['drop', ({ object }) => `drop user mapping ${object}`],
  ];
}

export const foreignTableForms: readonly Form<LiveForeignTable>[] = [
  ['of another table', ({ object }) => `alter foreign table ${object} options (set table_name 'Countries')`],
  ['an option', ({ object }) => `alter foreign table ${object} options (add updatable 'false')`],
  ['another column', ({ object, column }) => `alter foreign table ${object} alter column ${column} options (set column_name 'BlogId')`],
  ['a column more', ({ object }) => `alter foreign table ${object} add column "More" text`],
  ['granted to everybody', ({ object }) => `grant select on ${object} to public`],
  ['changes granted to app', ({ object }) => `grant insert, update, delete on ${object} to tenantry_app`],
  ['taken from app', ({ object }) => `revoke all on ${object} from tenantry_app`],
  ['owned by app', ({ object }) => `alter foreign table ${object} owner to tenantry_app`],
  ['owned by a superuser', ({ object }) => `alter foreign table ${object} owner to current_user`],
  ['renamed', ({ object }) => `alter foreign table ${object} rename to another`],
  ['drop', ({ object }) => `drop foreign table ${object}`],
  ['a comment', ({ object }) => `comment on foreign table ${object} is 'x'`],
];
