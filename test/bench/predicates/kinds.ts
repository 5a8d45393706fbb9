import type { PredicateSetting } from '../../../src/config/policy-schema.ts';
import { sql, type Sql } from '../../../src/core/sql.ts';

/** A predicate, and a caller whom it lets see some rows. */
export interface Kind {
  readonly name: string;
  readonly rows: PredicateSetting;
  /** Of the call: `contextText`. */
  readonly caller: { readonly userId: string; readonly roles: readonly string[] };
  /** The same of the table ByHand, as somebody writes it into a statement: the caller's values are parameters. */
  readonly byHand: Sql;
  /** A sample that the caller sees. */
  readonly seen: number;
}

/** Users of the world by how many permissions they have. */
export const permitted = { few: 10, thousand: 1_000, many: 10_000 } as const;

const owner: PredicateSetting = { owner: 'Owner', is: 'userId' };
const permission: PredicateSetting = {
  permission: 'Permissions',
  user: 'UserId',
  is: 'userId',
  resource: 'SampleId',
  of: 'Id',
  access: 'HasAccess',
};
const lookup: PredicateSetting = { lookup: 'Employees', key: 'ObjectId', is: 'userId', gives: 'OrganizationId', of: 'OrganizationId' };
const ann = { userId: 'user12', roles: ['standard'] };

const permissionByHand = (user: string): Sql =>
  sql`exists (select from "Permissions" p where p."UserId" = ${user} and p."SampleId" = "ByHand"."Id" and p."HasAccess" = 1)`;

const parentByHand = sql`exists (select from "Projects" p where p."Id" = "ByHand"."ProjectId" and p."Owner" = ${ann.userId})`;

/** Every kind of predicate; sample 12 is of project 12, organisation 12 and user12. */
export const kinds: readonly Kind[] = [
  { name: 'owner', rows: owner, caller: ann, byHand: sql`"Owner" = ${ann.userId}`, seen: 12 },
  {
    name: 'role or owner, of a standard user',
    rows: { any: [{ role: 'admin', in: 'roles' }, owner] },
    caller: ann,
    byHand: sql`(${'admin'} = any (${ann.roles}) or "Owner" = ${ann.userId})`,
    seen: 12,
  },
  {
    name: 'role or owner, of an admin',
    rows: { any: [{ role: 'admin', in: 'roles' }, owner] },
    caller: { userId: 'root', roles: ['admin'] },
    byHand: sql`(${'admin'} = any (${['admin']}) or "Owner" = ${'root'})`,
    seen: 12,
  },
  {
    name: 'lookup of 3 organisations',
    rows: lookup,
    caller: { userId: 'three', roles: [] },
    byHand: sql`exists (select from "Employees" e where e."ObjectId" = ${'three'} and e."OrganizationId" = "ByHand"."OrganizationId")`,
    seen: 12,
  },
  {
    name: 'parent of an owner',
    rows: { parent: owner },
    caller: ann,
    byHand: parentByHand,
    seen: 12,
  },
  {
    name: 'parent of an owner, of few',
    rows: { parent: owner, few: true },
    caller: ann,
    byHand: parentByHand,
    seen: 12,
  },
  ...Object.entries(permitted).map(([userId, count]) => ({
    name: `${count.toLocaleString('en')} permissions`,
    rows: permission,
    caller: { userId, roles: [] },
    byHand: permissionByHand(userId),
    seen: 12,
  })),
  {
    name: '10 permissions, of few',
    rows: { ...permission, few: true },
    caller: { userId: 'few', roles: [] },
    byHand: permissionByHand('few'),
    seen: 12,
  },
  {
    name: 'role or 1,000 permissions',
    rows: { any: [{ role: 'admin', in: 'roles' }, permission] },
    caller: { userId: 'thousand', roles: ['standard'] },
    byHand: sql`(${'admin'} = any (${['standard']}) or ${permissionByHand('thousand')})`,
    seen: 12,
  },
];
