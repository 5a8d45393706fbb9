import { blogOf } from './before.ts';
import type { Narrator } from './narrator.ts';
import type { CommandResult } from '../../test/support/command-line.ts';
import type { Stage } from './stage.ts';

/** The service while it runs. */
export interface Service {
  readonly api: string;
  readonly ops: string;
  /** Tokens of tenants 1 and 3. */
  readonly tokens: readonly [string, string];
  /** Drains and ends it. */
  stop(): Promise<CommandResult>;
}

/** Starts `tenantry serve` and mints two tokens. */
export async function startService(stage: Stage): Promise<Service> {
  const stop = new AbortController();
  const listening = Promise.withResolvers<{ readonly api: string; readonly ops: string }>();
  const served = stage.tenantry('serve --json', {
    stop: stop.signal,
    onOutput: (text) => listening.resolve(JSON.parse(text) as { readonly api: string; readonly ops: string }),
  });
  const failed = served.then(({ err }) => Promise.reject(new Error(`tenantry serve ended: ${err}`)));
  const addresses = await Promise.race([listening.promise, failed]);
  failed.catch(() => undefined); // it ends one day, when it is told to
  const tokens = [(await stage.tenantry('token mint 1')).out, (await stage.tenantry('token mint 3')).out] as const;
  return {
    ...addresses,
    tokens,
    stop: () => {
      stop.abort();
      return served;
    },
  };
}

/** The same rows over HTTP, with two real tokens. */
export async function tellHttp(service: Service, narrator: Narrator): Promise<void> {
  const [one, three] = service.tokens;
  narrator.chapter('The same over HTTP, with two real tokens');
  narrator.code('tenantry serve &');
  narrator.code(`TOKEN1=$(tenantry token mint 1)   TOKEN3=$(tenantry token mint 3)`);
  const list1 = await get(service, narrator, '/v1/Blogs', one, 'TOKEN1');
  narrator.check('Tenant 1 gets its two blogs', names(list1), [blogOf(1), 'Ann on Ants']);
  const list3 = await get(service, narrator, '/v1/Blogs', three, 'TOKEN3');
  narrator.check('Tenant 3 gets its own', names(list3), [blogOf(3)]);
  const foreign = await get(service, narrator, '/v1/Blogs/2', three, 'TOKEN3');
  narrator.check('A row of tenant 1’s is not found by tenant 3', [foreign.status, field(foreign, 'code')], [404, 'NOT_FOUND']);
  const none = await get(service, narrator, '/v1/Blogs', undefined, '');
  narrator.check('Without a token: 401', [none.status, field(none, 'code')], [401, 'UNAUTHENTICATED']);
}

/** A `curl` line that can be pasted. */
export function curl(service: Service, path: string, token: string): string {
  return `curl -s ${token === '' ? '' : `-H "Authorization: Bearer ${token}" `}${service.api}${path}`;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function get(service: Service, narrator: Narrator, path: string, token: string | undefined, variable: string): Promise<Reply> {
  narrator.code(curl(service, path, variable === '' ? '' : `$${variable}`));
  const answer = await fetch(`${service.api}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  const body: unknown = await answer.json();
  narrator.answer([`${answer.status} ${JSON.stringify(body)}`]);
  return { status: answer.status, body };
}

function field({ body }: Reply, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
}

function names(reply: Reply): unknown[] {
  const data = field(reply, 'data');
  return Array.isArray(data) ? data.map((row) => field({ status: 200, body: row }, 'Name')) : [];
}
