import type { CommandResult } from '../../test/support/command-line.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';

/** `tenantry serve` while it runs. */
export interface Service {
  readonly api: string;
  readonly ops: string;
  /** Drains and ends it. */
  stop(): Promise<CommandResult>;
}

/** Starts `tenantry serve`. */
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
  return {
    ...addresses,
    stop: () => {
      stop.abort();
      return served;
    },
  };
}

/** A token, and the variable that stands for it in what is told. */
export interface Token {
  readonly variable: string;
  readonly text: string;
}

/** A `curl` line that can be pasted. */
export function curl({ api }: Service, path: string, token: string): string {
  return `curl -s ${token === '' ? '' : `-H "Authorization: Bearer ${token}" `}${api}${path}`;
}

/** What the service answered. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** A GET of the data API, told as the `curl` line that it is. */
export async function get(service: Service, narrator: Narrator, path: string, token?: Token): Promise<Reply> {
  narrator.code(curl(service, path, token === undefined ? '' : `$${token.variable}`));
  const headers = token === undefined ? {} : { headers: { authorization: `Bearer ${token.text}` } };
  const answer = await fetch(`${service.api}${path}`, headers);
  const body: unknown = await answer.json();
  narrator.answer([`${answer.status} ${JSON.stringify(body)}`]);
  return { status: answer.status, body };
}

/** A POST of a JSON body, told likewise. */
export async function post(service: Service, narrator: Narrator, path: string, body: object, token?: Token): Promise<Reply> {
  const text = JSON.stringify(body);
  narrator.code(`${curl(service, path, token === undefined ? '' : `$${token.variable}`)} -H 'Content-Type: application/json' -d '${text}'`);
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token.text}` }) };
  const answer = await fetch(`${service.api}${path}`, { method: 'POST', headers, body: text });
  const reply: unknown = await answer.json();
  narrator.answer([`${answer.status} ${JSON.stringify(reply)}`]);
  return { status: answer.status, body: reply };
}

/** A member of an answer's body, or undefined. */
export function field({ body }: Reply, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
}

/** One column of the rows of a list. */
export function column(reply: Reply, name: string): unknown[] {
  const data = field(reply, 'data');
  return Array.isArray(data) ? data.map((row: Record<string, unknown>) => row[name]) : [];
}
