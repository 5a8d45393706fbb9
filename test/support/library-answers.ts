import type { SqlParameters } from '../../src/core/session.ts';
import { fingerprintFunction } from '../../src/engine/mssql/fingerprint-function.ts';
import { QueryLibrary } from '../../src/engine/mssql/query-library.ts';
import { accepting } from './accepting.ts';
import { protectionAnswer } from './protection-answer.ts';
import type { Answer } from './tds/answer.ts';
import type { ColumnValue } from './tds/column-value.ts';
import type { TdsRequest } from './tds/request.ts';
import { doneToken, transactionToken, type Columns } from './tds/tokens.ts';

/** What a file of the query library answers: rows, or an error of this number. */
export type Said = { readonly columns: Columns; readonly rows: readonly (readonly ColumnValue[])[] } | { readonly error: number };

const text = 'nvarchar(400)';

/** Columns of files that several tests answer. */
export const columnsOf = {
  'engine/server': { major: 'int', edition: 'int', compatibility: 'int', serialPlans: 'bit', changeTracking: 'bit' },
  'doctor/server': { level: text, text, remedy: text, advice: text },
  'doctor/change-tracking': { text, remedy: text, advice: text },
  'policy/extra-tables': { schema: text, table: text, hasPolicies: 'bit', tenantColumn: text },
  'policy/gate': { table: text, problem: text },
  'policy/immutable-functions': { schema: text, table: text, problem: text, detail: text, remedy: text },
  'policy/live-items': { schema: text, table: text, item: text, definition: text },
  'policy/live-procedures': { schema: text, routine: text, item: text, definition: text, arguments: text, callable: 'bit', given: text },
  'policy/predicate-problems': { schema: text, table: text, problem: text, detail: text, remedy: text, at: text, columns: text },
  'policy/predicate-warnings': { schema: text, table: text, warning: text, detail: text, remedy: text, at: text },
  'policy/problems': { schema: text, table: text, problem: text, detail: text, remedy: text },
  'policy/tables': { schema: text, table: text, tenantColumn: text, role: text, capturable: 'bit', key: text, sequences: text },
} as const;

/** What a shard in order answers to everything that is asked where policies are changed; it has no tables yet. */
export const policyAnswers = {
  'engine/server': { columns: columnsOf['engine/server'], rows: [[16, 3, 160, true, true]] },
  'policy/lock': { columns: { lockTimeout: text, locked: 'bit', held: 'bit' }, rows: [['5000', true, null]] },
  'policy/problems': { columns: columnsOf['policy/problems'], rows: [] },
  'policy/immutable-functions': { columns: columnsOf['policy/immutable-functions'], rows: [] },
  'policy/tables': { columns: columnsOf['policy/tables'], rows: [] },
  'policy/live-items': { columns: columnsOf['policy/live-items'], rows: [] },
  'policy/live-procedures': { columns: columnsOf['policy/live-procedures'], rows: [] },
  'policy/warnings': { columns: { schema: text, table: text, warning: text, detail: text, remedy: text, drift: text }, rows: [] },
  'policy/group-members': { columns: { role: text, member: text, remedy: text }, rows: [] },
  'policy/extra-tables': { columns: columnsOf['policy/extra-tables'], rows: [] },
  'policy/verification': protectionAnswer(accepting().signer),
  'policy/hold-gate': { columns: { held: 'bit' }, rows: [[true]] },
  'policy/noted-by-others': { columns: { noted: 'nvarchar(100)' }, rows: [['0 ']] },
  'policy/fingerprint': {
    columns: { fingerprint: text, functionDigest: text, items: 'nvarchar(max)' },
    rows: [['f'.repeat(64), fingerprintFunction(), '[]']],
  },
  'policy/accept': { columns: { accepted: 'bit' }, rows: [] },
  'policy/session-code': { columns: { schema: text, function: text, warning: text, remedy: text }, rows: [] },
} as const satisfies Readonly<Record<string, Said>>;

const library = new QueryLibrary();
const given: Readonly<Record<string, SqlParameters>> = {
  'policy/accept': {
    format: 1,
    number: 1,
    fingerprint: '',
    items: '[]',
    tenantColumns: '[]',
    validUntilMs: null,
    signature: new Uint8Array(32),
    acceptedBy: '',
  },
  'policy/lock': { lockTimeoutMs: 5_000, alone: true },
  'policy/predicate-problems': { needs: '[]' },
  'policy/predicate-warnings': { needs: '[]', tables: '[]' },
  'policy/problems': { tables: '[]', keyType: 'int' },
  'policy/immutable-functions': { tables: '[]', procedures: '[]' },
  'policy/procedures': { procedures: '[]' },
  'policy/tables': { tables: '[]' },
  'policy/live-items': { tables: '[]' },
  'policy/live-procedures': { procedures: '[]' },
  'policy/warnings': { tables: '[]' },
  'policy/group-members': { logins: '[]' },
  'policy/extra-tables': { tables: '[]' },
  'policy/gate': { tables: '[]' },
};
const bodies = new Map<string, string>();

/** Which of these files of the library a request asks. */
export function askedFile<File extends string>(files: readonly File[], { text: asked }: TdsRequest): File | undefined {
  return files.find((file) => {
    let body = bodies.get(file);
    if (body === undefined) bodies.set(file, (body = library.query(file, given[file]).text));
    return asked.includes(body);
  });
}

/** Answers what a file says; begins and ends of transactions as a server does, and anything else with nothing. */
export async function answerFile(said: Said | undefined, { text: asked }: TdsRequest, answer: Answer): Promise<void> {
  if (said !== undefined) {
    if ('error' in said) return await answer.error({ number: said.error, class: 14 });
    return await answer.rows(said.columns, said.rows);
  }
  const change = /^(BEGIN|COMMIT|ROLLBACK) TRANSACTION/m.exec(asked)?.[1];
  if (change === undefined) return await answer.end(doneToken('DONE'));
  await answer.end(transactionToken(change.toLowerCase() as 'begin' | 'commit' | 'rollback', 1n), doneToken('DONE'));
}
