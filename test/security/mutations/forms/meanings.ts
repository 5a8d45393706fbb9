import type { LiveAggregate, LiveObject, LiveOperator, LiveOperatorClass } from '../live-objects.ts';
import type { Form } from '../mutation.ts';

export const operatorForms: readonly Form<LiveOperator>[] = [
  ['drop', ({ object }) => `drop operator ${object} cascade`],
  ["made again with another's function", ({ object, exchanged }) => `drop operator ${object} cascade; ${exchanged}`],
  [
    "with another's function in the catalog",
    ({ object, other }) =>
      `update pg_operator set oprcode = (select o.oprcode from pg_operator o where o.oid = '${other}'::regoperator) where oid = '${object}'::regoperator`,
  ],
  [
    'another as its negator',
    ({ object, other }) => `alter operator ${object} set (negator = operator(public.${other.replace(/\(.*$/, '')}))`,
  ],
  [
    'another as its commutator',
    ({ object, other }) => `alter operator ${object} set (commutator = operator(public.${other.replace(/\(.*$/, '')}))`,
  ],
  [
    'the negator of another in the catalog',
    ({ object, other }) => `update pg_operator set oprnegate = '${other}'::regoperator where oid = '${object}'::regoperator`,
  ],
  ['estimated otherwise', ({ object }) => `alter operator ${object} set (restrict = neqsel)`],
  [
    'its function says otherwise',
    ({ by, result }) => `create or replace function ${named(by)} returns ${result} language sql as 'select true'`,
  ],
  ['in another schema', ({ object }) => `alter operator ${object} set schema tenantry`],
  ['owned by app', ({ object }) => `alter operator ${object} owner to tenantry_app`],
  ['a comment', ({ object }) => `comment on operator ${object} is 'x'`],
];

/** `f(integer,integer)` with the names that a function must keep when it is replaced. */
function named(by: string): string {
  return by.replace('(integer,integer)', '(whose integer, of integer)');
}

export const operatorClassForms: readonly Form<LiveOperatorClass>[] = [
  ['drop', ({ object }) => `drop operator class ${object}`],
  ['its function says otherwise', ({ by }) => `create or replace function ${by} returns integer language sql immutable as 'select 0'`],
  ['by another function', ({ object }) => `alter operator family ${object} add function 1 (integer, bigint) btint48cmp(integer, bigint)`],
  [
    'the default in the catalog',
    ({ object }) => `update pg_opclass set opcdefault = not opcdefault where opcname = '${object.replace(/^public\.| using.*$/g, '')}'`,
  ],
  ['renamed', ({ object }) => `alter operator class ${object} rename to another`],
  ['owned by app', ({ object }) => `alter operator class ${object} owner to tenantry_app`],
  ['a comment', ({ object }) => `comment on operator class ${object} is 'x'`],
];

export const aggregateForms: readonly Form<LiveAggregate>[] = [
  ['drop', ({ object }) => `drop aggregate ${object}`],
  [
    "made again with another's function",
    ({ object, other, stateType }) => `create or replace aggregate ${object} (sfunc = ${other}, stype = ${stateType})`,
  ],
  ['begins with something', ({ object, definition }) => `create or replace aggregate ${object} (${definition}, initcond = 'all: ')`],
  ['ends with a function', ({ object, definition }) => `create or replace aggregate ${object} (${definition}, finalfunc = upper)`],
  [
    'begins with something in the catalog',
    ({ object }) => `update pg_aggregate set agginitval = 'all: ' where aggfnoid = '${object}'::regprocedure`,
  ],
  ['owned by app', ({ object }) => `alter aggregate ${object} owner to tenantry_app`],
  ['granted to app', ({ object }) => `grant execute on function ${object} to tenantry_app`],
  ['renamed', ({ object }) => `alter aggregate ${object} rename to another`],
  ['a comment', ({ object }) => `comment on aggregate ${object} is 'x'`],
];

export const typeForms: readonly Form<LiveObject>[] = [
  [
    'its values renamed',
    ({ object }) => `alter type ${object} rename value 'open' to 'other'; alter type ${object} rename value 'kept' to 'open'`,
  ],
  ['a value more', ({ object }) => `alter type ${object} add value 'more'`],
  ['an attribute more', ({ object }) => `alter type ${object} add attribute more text`],
  ['an attribute renamed', ({ object }) => `alter type ${object} rename attribute "Text" to "Other"`],
  ['renamed', ({ object }) => `alter type ${object} rename to another`],
  ['owned by app', ({ object }) => `alter type ${object} owner to tenantry_app`],
  ['drop', ({ object }) => `drop type ${object} cascade`],
  ['a comment', ({ object }) => `comment on type ${object} is 'x'`],
];
