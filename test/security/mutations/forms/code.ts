import type { LiveFunction, LiveObject } from '../live-objects.ts';
import type { Form } from '../mutation.ts';

const replaced = (definition: string, how: (text: string) => string): string =>
  how(definition.replace(/^CREATE OR REPLACE/, 'create or replace'));
const withBody = ({ definition, result, isTrigger }: LiveFunction, secured: string): string => {
  const head = /^[\s\S]*?\n RETURNS [^\n]*\n/.exec(definition)?.[0] ?? definition;
  const body = isTrigger
    ? `language plpgsql ${secured} as $mutated$ begin ${result === 'trigger' ? 'return new; ' : ''}end $mutated$`
    : `language plpgsql ${secured} as $mutated$ begin ${/SETOF|TABLE/.test(head) || result === 'void' ? 'return; ' : 'return null; '}end $mutated$`;
  return `${head}${body}`;
};

export const functionForms: readonly Form<LiveFunction>[] = [
  ['drop', ({ object }) => `drop function ${object} cascade`],
  ['empty', (routine) => withBody(routine, routine.definer ? 'security definer' : 'security invoker')],
  ['empty, and as its definer', (routine) => withBody(routine, 'security definer')],
  [
    'with another text in the catalog',
    ({ object }) => `update pg_proc set prosrc = prosrc || ' ', prosqlbody = null where oid = '${object}'::regprocedure`,
  ],
  ['with the rights of its owner', ({ object }) => `alter function ${object} security definer`],
  ['with the rights of the caller', ({ object }) => `alter function ${object} security invoker`],
  ['owned by app', ({ object }) => `alter function ${object} owner to tenantry_app`],
  ["owned by app's login", ({ object }) => `alter function ${object} owner to shop_app`],
  ['owned by a superuser', ({ object }) => `alter function ${object} owner to current_user`],
  [
    'owned by the definer, with its rights',
    ({ object }) => `alter function ${object} security definer; alter function ${object} owner to tenantry_definer`,
  ],
  ['granted to app', ({ object }) => `grant execute on function ${object} to tenantry_app`],
  ["granted to app's login", ({ object }) => `grant execute on function ${object} to shop_app`],
  ['granted to everybody', ({ object }) => `grant execute on function ${object} to public`],
  [
    'granted to app, with the rights of its definer',
    ({ object }) =>
      `grant execute on function ${object} to tenantry_app; alter function ${object} security definer; alter function ${object} owner to tenantry_definer`,
  ],
  ['granted to reports', ({ object }) => `grant execute on function ${object} to tenantry_superuser`],
  ['taken from app', ({ object }) => `revoke execute on function ${object} from tenantry_app`],
  ['with a search path', ({ object }) => `alter function ${object} set search_path = public, pg_catalog`],
  ['with a setting', ({ object }) => `alter function ${object} set row_security = off`],
  ['without settings', ({ object }) => `alter function ${object} reset all`],
  ['leakproof', ({ object }) => `alter function ${object} leakproof`],
  ['immutable', ({ object }) => `alter function ${object} immutable`],
  ['volatile', ({ object }) => `alter function ${object} volatile`],
  ['strict', ({ object }) => `alter function ${object} strict`],
  ['parallel safe', ({ object }) => `alter function ${object} parallel safe`],
  ['parallel unsafe', ({ object }) => `alter function ${object} parallel unsafe`],
  ['cheap', ({ object }) => `alter function ${object} cost 0.0001`],
  ['dear', ({ object }) => `alter function ${object} cost 100000`],
  ['renamed', ({ object }) => `alter function ${object} rename to another`],
  ['in another schema', ({ object }) => `alter function ${object} set schema ${object.startsWith('public.') ? 'tenantry' : 'public'}`],
  [
    'beside one of the same name for any type',
    ({ object }) => `create function ${object.replace(/\(.*$/, '')}(variadic anyarray) returns text language sql as 'select null::text'`,
  ],
  ['a comment', ({ object }) => `comment on function ${object} is 'x'`],
  ['made again as it was', ({ definition }) => replaced(definition, (text) => text)],
];

export const eventTriggerForms: readonly Form<LiveObject>[] = [
  ['off', ({ object }) => `alter event trigger ${object} disable`],
  ['of a replica', ({ object }) => `alter event trigger ${object} enable replica`],
  ['of the origin', ({ object }) => `alter event trigger ${object} enable`],
  ['drop', ({ object }) => `drop event trigger ${object}`],
  ['renamed', ({ object }) => `alter event trigger ${object} rename to another`],
  [
    'off while a policy is dropped',
    ({ object }) =>
      `alter event trigger ${object} disable; drop policy tenantry_tenant on "Blogs"; alter event trigger ${object} enable always`,
  ],
];

export const languageForms: readonly Form<LiveObject>[] = [
  ['granted to app', ({ object }) => `grant usage on language ${object} to tenantry_app`],
  ['granted to everybody', ({ object }) => `grant usage on language ${object} to public`],
  ['taken from everybody', ({ object }) => `revoke usage on language ${object} from public`],
  ['trusted in the catalog', ({ object }) => `update pg_language set lanpltrusted = true where lanname = '${object}'`],
  ['owned by app', ({ object }) => `alter language ${object} owner to tenantry_app`],
  ['renamed', ({ object }) => `alter language ${object} rename to another`],
];

export const guardedFunctionForms: readonly Form<LiveObject>[] = [
  ['granted to app', ({ object }) => `grant execute on function ${object} to tenantry_app`],
  ["granted to app's login", ({ object }) => `grant execute on function ${object} to shop_app`],
  ['granted to everybody', ({ object }) => `grant execute on function ${object} to public`],
];

export const guardedRelationForms: readonly Form<LiveObject>[] = [
  ['granted to app', ({ object }) => `grant select on ${object} to tenantry_app`],
  ['granted to everybody', ({ object }) => `grant select on ${object} to public`],
  ['changes granted to app', ({ object }) => `grant update on ${object} to tenantry_app`],
];
