import type { PlainAnswer } from '../problem.ts';

const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** An answer of JSON that nobody may keep: it is one tenant's. */
export function jsonAnswer(value: unknown, status = 200, extraHeaders?: Readonly<Record<string, string>>): PlainAnswer {
  return { status, headers: extraHeaders === undefined ? headers : { ...headers, ...extraHeaders }, text: JSON.stringify(value) };
}

/** The same of a text that is JSON already. */
export function jsonText(text: string): PlainAnswer {
  return { status: 200, headers, text };
}
