import { expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import { answerFile, askedFile, columnsOf, policyAnswers, type Said } from '../../support/library-answers.ts';
import type { TdsRequest } from '../../support/tds/request.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { administered } from '../../support/administered.ts';
import { FakeClock } from '../../support/fake-clock.ts';

type Item = readonly [item: string, definition: string];

const files = Object.keys(policyAnswers) as (keyof typeof policyAnswers)[];
/** What protects a table that is as it must be. */
const inOrder = (table: string): readonly Item[] => [
  ['default', `tenantry_default_${table}: the entered tenant`],
  ['security policy', 'on'],
  ['filter predicate', 'tenant'],
  ['block predicate', 'tenant'],
  ['rights of tenantry_app', 'delete, insert, select, update'],
  ['rights of tenantry_superuser', 'select'],
  ['rights of tenantry_mover', 'delete, insert, select, update'],
];

/** Which tables a request asks about. */
function tablesIn(request: TdsRequest): string[] {
  const given = request.kind === 'rpc' ? request.parameters.find(({ name }) => name.endsWith('tables'))?.value : undefined;
  return given === undefined ? [] : (JSON.parse(String(given)) as { readonly table: string }[]).map(({ table }) => table);
}

interface ApplyOptions {
  /** What the server says instead of what one in order says. */
  readonly said?: Partial<Record<keyof typeof policyAnswers, Said>>;
  readonly clock?: Clock;
  /** Told each request, and which file of the library it asks. */
  readonly onRequest?: (text: string, file: string | undefined) => void;
}

/** Applies the policies of these tables where `itemsOf` says what protects each; `changes` takes what was sent to change something. */
async function apply(
  tables: readonly string[],
  itemsOf: (table: string) => readonly Item[],
  changes: string[],
  { said = {}, clock = systemClock, onRequest }: ApplyOptions = {},
): Promise<unknown> {
  const server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(files, request);
      const named = tablesIn(request);
      const rowsOf: Partial<Record<typeof file & string, Said>> = {
        'policy/tables': {
          columns: columnsOf['policy/tables'],
          rows: tables.filter((table) => named.includes(table)).map((table) => ['dbo', table, 'TenantId', 'routed', '[]']),
        },
        'policy/live-items': {
          columns: columnsOf['policy/live-items'],
          rows: named.flatMap((table) => itemsOf(table).map(([item, definition]) => ['dbo', table, item, definition])),
        },
        ...said,
      };
      onRequest?.(request.text, file);
      if (file === undefined) changes.push(request.text);
      return answerFile(file === undefined ? undefined : (rowsOf[file] ?? policyAnswers[file]), request, answer);
    },
  });
  const { engine, database } = administered(server);
  const request = { tables: tables.map((table) => ({ table, tenantColumn: 'TenantId' })), keyType: 'int', dryRun: false, clock } as const;
  return await applyPolicies(database, engine, request);
}

test('a right that somebody else gave is for an administrator to take back, with what to run', async () => {
  const changes: string[] = [];
  const applying = apply(['Blogs'], (table) => [...inOrder(table), ['rights of public', 'select']], changes);
  await expect(applying).rejects.toMatchObject({
    code: 'INVALID_CONFIGURATION',
    detail: expect.stringMatching(/\n- rights of public \(dbo\.Blogs\): REVOKE [A-Z, ]+ ON \[dbo\]\.\[Blogs\] FROM \[public\] CASCADE;$/),
  });
  expect(changes.filter((change) => change.includes('REVOKE'))).toEqual([expect.stringContaining('CASCADE AS [tenantry_admin]')]);
});

test('a table with what admin may not set keeps no other from being done', async () => {
  const changes: string[] = [];
  const isDone = (): boolean => changes.some((change) => change.includes('GRANT SELECT ON [dbo].[Posts] TO [tenantry_superuser]'));
  const itemsOf = (table: string): readonly Item[] => {
    if (table === 'Blogs') return [...inOrder(table), ['rights of public', 'select']];
    return isDone() ? inOrder(table) : [];
  };
  await expect(apply(['Blogs', 'Posts'], itemsOf, changes)).rejects.toMatchObject({
    code: 'INVALID_CONFIGURATION',
    detail: expect.stringMatching(/\n- rights of public \(dbo\.Blogs\): [^\n]+$/),
  });
  expect(isDone()).toBe(true);
  expect(changes.flatMap((change) => /^(?:COMMIT|ROLLBACK) TRANSACTION/m.exec(change)?.[0] ?? [])).toEqual([
    'COMMIT TRANSACTION',
    'ROLLBACK TRANSACTION',
    'COMMIT TRANSACTION',
  ]);
});

test('tables change one after another, each in a transaction of its own, which gives way to tenants', async () => {
  const changes: string[] = [];
  const isDone = (table: string): boolean =>
    changes.some((change) => change.includes(`GRANT SELECT ON [dbo].[${table}] TO [tenantry_superuser]`));
  await apply(['Blogs', 'Posts'], (table) => (isDone(table) ? inOrder(table) : []), changes);
  const ends = changes.map((change) => /^(BEGIN|COMMIT|ROLLBACK) TRANSACTION/m.exec(change)?.[1] ?? /\[dbo\]\.\[(\w+)\]/.exec(change)?.[1]);
  // The first transaction only looks; a message without any of these prepares the session.
  const said = ends.filter((end) => end !== undefined);
  expect(said.filter((end, index) => end !== said[index - 1])).toEqual([
    'BEGIN',
    'COMMIT',
    'BEGIN',
    'Blogs',
    'COMMIT',
    'BEGIN',
    'Posts',
    'COMMIT',
  ]);
  const inTables = changes.filter((change) => change.includes('[dbo].['));
  expect(inTables).toHaveLength(2 * 10);
  for (const change of inTables) {
    const patience = /SET DEADLOCK_PRIORITY LOW;\nSET LOCK_TIMEOUT (\d+);\n/.exec(change)?.[1];
    expect(Number(patience)).toBeGreaterThan(0);
    expect(Number(patience)).toBeLessThanOrEqual(5_000);
  }
});

test('a server whose tenants may get parallel plans is refused before anything is changed', async () => {
  const changes: string[] = [];
  const parallel = { columns: columnsOf['engine/server'], rows: [[16, 3, 160, false, true]] };
  await expect(apply(['Blogs'], () => [], changes, { said: { 'engine/server': parallel } })).rejects.toMatchObject({
    code: 'INVALID_CONFIGURATION',
    detail: expect.stringContaining('SET MAXDOP = 1') as string,
  });
  expect(changes.filter((change) => change.includes('[dbo].'))).toEqual([]);
});

test('in each transaction nothing is looked at or changed before other changes of policies are kept out', async () => {
  const changes: string[] = [];
  const first: (string | undefined)[] = [];
  let hasBegun = false;
  const onRequest = (text: string, file: string | undefined): void => {
    if (hasBegun) first.push(file);
    hasBegun = /^BEGIN TRANSACTION/m.test(text);
  };
  const isDone = (): boolean => changes.some((change) => change.includes('TO [tenantry_mover]'));
  await apply(['Blogs'], (table) => (isDone() ? inOrder(table) : []), changes, { onRequest });
  expect(first).toEqual(['policy/lock', 'policy/lock']);
});

test('a table that takes too long is left as it was, and named beside those that are done', async () => {
  const changes: string[] = [];
  const clock = new FakeClock();
  const isDone = (table: string): boolean =>
    changes.some((change) => change.includes(`GRANT SELECT ON [dbo].[${table}] TO [tenantry_superuser]`));
  const onRequest = (text: string, file: string | undefined): void => {
    if (file === undefined && text.includes('[dbo].[Posts]')) clock.advance(1_500);
  };
  const applying = apply(['Blogs', 'Posts'], (table) => (isDone(table) ? inOrder(table) : []), changes, { clock, onRequest });
  await expect(applying).rejects.toMatchObject({
    code: 'TIMEOUT',
    detail: expect.stringMatching(
      /^dbo\.Posts is in use and could not be changed: .* Done before it: dbo\.Blogs; run it again\.$/,
    ) as string,
    outcome: 'not-run',
    cause: { code: 'TIMEOUT', detail: 'The change took more than 5000 ms and was undone.' },
  });
  // Each statement has what those before it have left of the time.
  const patience = changes.flatMap((change) => (change.includes('[dbo].[Posts]') ? /LOCK_TIMEOUT (\d+)/.exec(change)?.[1] : []));
  expect(patience).toEqual(['5000', '3500', '2000', '500']);
  const ends = changes.flatMap((change) => /^(?:COMMIT|ROLLBACK) TRANSACTION/m.exec(change)?.[0] ?? []);
  expect(ends).toEqual(['COMMIT TRANSACTION', 'COMMIT TRANSACTION', 'ROLLBACK TRANSACTION']);
});
