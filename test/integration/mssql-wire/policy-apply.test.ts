import { expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import type { PolicyResult } from '../../../src/policy/model.ts';
import { answerFile, askedFile, columnsOf, policyAnswers, type Said } from '../../support/library-answers.ts';
import type { TdsRequest } from '../../support/tds/request.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { administered } from '../../support/administered.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { accepting } from '../../support/accepting.ts';
import { protectionAnswer } from '../../support/protection-answer.ts';

type Item = readonly [item: string, definition: string];

const files = Object.keys(policyAnswers) as (keyof typeof policyAnswers)[];
/** What protects a table that is as it must be. */
const inOrder = (table: string): readonly Item[] => [
  ['default', `tenantry_default_${table}: the entered tenant`],
  ['security policy', 'on'],
  ['filter predicate', 'tenant'],
  ['block predicate', 'tenant'],
  ['change tracking', 'on'],
  ['rights of tenantry_app', 'delete, insert, select, update'],
  ['rights of tenantry_superuser', 'select'],
  ['rights of tenantry_mover', 'delete, insert, select, update, view change tracking'],
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
  readonly withinMs?: number;
  /** The number of the error by which a request is refused; undefined: none. */
  readonly refuse?: (text: string) => number | undefined;
  /** Told each request, and which file of the library it asks. */
  readonly onRequest?: (text: string, file: string | undefined) => void;
}

/** Applies the policies of these tables where `itemsOf` says what protects each; `changes` takes what was sent to change something. */
async function apply(
  tables: readonly string[],
  itemsOf: (table: string) => readonly Item[],
  changes: string[],
  { said = {}, clock = systemClock, withinMs = 60_000, refuse, onRequest }: ApplyOptions = {},
): Promise<PolicyResult> {
  const server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(files, request);
      const named = tablesIn(request);
      const rowsOf: Partial<Record<typeof file & string, Said>> = {
        'policy/tables': {
          columns: columnsOf['policy/tables'],
          rows: tables.filter((table) => named.includes(table)).map((table) => ['dbo', table, 'TenantId', 'routed', true, '[]', '[]']),
        },
        'policy/live-items': {
          columns: columnsOf['policy/live-items'],
          rows: named.flatMap((table) => itemsOf(table).map(([item, definition]) => ['dbo', table, item, definition])),
        },
        ...said,
      };
      onRequest?.(request.text, file);
      if (file === undefined) changes.push(request.text);
      const refusal = refuse?.(request.text);
      if (refusal !== undefined) return answer.error({ number: refusal, class: 16 });
      return answerFile(file === undefined ? undefined : (rowsOf[file] ?? policyAnswers[file]), request, answer);
    },
  });
  const { engine, database } = administered(server);
  const request = {
    tables: tables.map((table) => ({ table, tenantColumn: 'TenantId' })),
    procedures: [],
    keyType: 'int',
    accepting: accepting(),
    dryRun: false,
    clock,
    withinMs,
  } as const;
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

test('nothing stays changed where admin may not set all of it, and all of that is said', async () => {
  const changes: string[] = [];
  const isDone = (): boolean => changes.some((change) => change.includes('GRANT SELECT ON [dbo].[Posts] TO [tenantry_superuser]'));
  const itemsOf = (table: string): readonly Item[] => {
    if (table !== 'Posts') return [...inOrder(table), ['rights of public', 'select']];
    return isDone() ? inOrder(table) : [];
  };
  await expect(apply(['Blogs', 'Posts', 'Users'], itemsOf, changes)).rejects.toMatchObject({
    code: 'INVALID_CONFIGURATION',
    detail: expect.stringMatching(
      /and nothing was changed:\n- rights of public \(dbo\.Blogs\): [^\n]+\n- rights of public \(dbo\.Users\): [^\n]+$/,
    ),
  });
  expect(isDone()).toBe(true);
  expect(endsIn(changes)).toEqual(['ROLLBACK']);
});

test('all tables change in one transaction, which gives way to tenants', async () => {
  const changes: string[] = [];
  const isDone = (table: string): boolean =>
    changes.some((change) => change.includes(`GRANT SELECT ON [dbo].[${table}] TO [tenantry_superuser]`));
  await apply(['Blogs', 'Posts'], (table) => (isDone(table) ? inOrder(table) : []), changes);
  const ends = changes.map((change) => /^(BEGIN|COMMIT|ROLLBACK) TRANSACTION/m.exec(change)?.[1] ?? /\[dbo\]\.\[(\w+)\]/.exec(change)?.[1]);
  // A message without any of these prepares the session.
  const said = ends.filter((end) => end !== undefined);
  expect(said.filter((end, index) => end !== said[index - 1])).toEqual(['BEGIN', 'Blogs', 'Posts', 'COMMIT']);
  const inTables = changes.filter((change) => change.includes('[dbo].['));
  expect(inTables).toHaveLength(2 * 11);
  for (const change of inTables) {
    const patience = /SET DEADLOCK_PRIORITY LOW;\nSET LOCK_TIMEOUT (\d+);\n/.exec(change)?.[1];
    expect(Number(patience)).toBeGreaterThan(0);
    expect(Number(patience)).toBeLessThanOrEqual(1_000);
  }
});

test('the changes of a table are tracked from then on, and the mover alone may read which rows have changed', async () => {
  const changes: string[] = [];
  const isDone = (): boolean => changes.some((change) => change.includes('TO [tenantry_mover]'));
  await apply(['Blogs'], (table) => (isDone() ? inOrder(table) : []), changes);
  const said = changes.flatMap(
    (change) => /^(?:ALTER TABLE .* ENABLE CHANGE_TRACKING|GRANT .*VIEW CHANGE TRACKING).*$/m.exec(change)?.[0] ?? [],
  );
  expect(said).toEqual([
    'ALTER TABLE [dbo].[Blogs] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)',
    'GRANT DELETE, INSERT, SELECT, UPDATE, VIEW CHANGE TRACKING ON [dbo].[Blogs] TO [tenantry_mover] AS [tenantry_admin]',
  ]);
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
    hasBegun = file === undefined && /^BEGIN TRANSACTION/m.test(text);
  };
  const isDone = (): boolean => changes.some((change) => change.includes('TO [tenantry_mover]'));
  await apply(['Blogs'], (table) => (isDone() ? inOrder(table) : []), changes, { onRequest });
  expect(first).toEqual(['policy/lock']);
});

test('what is changed is accepted before its transaction ends, by whoever has kept others out, and signed', async () => {
  const changes: string[] = [];
  const asked: string[] = [];
  const onRequest = (text: string, file: string | undefined): void => {
    asked.push(file ?? /^(?:BEGIN|COMMIT) TRANSACTION|\[installed\]/m.exec(text)?.[0] ?? 'change');
  };
  const isDone = (): boolean => changes.some((change) => change.includes('TO [tenantry_mover]'));
  await apply(['Blogs'], (table) => (isDone() ? inOrder(table) : []), changes, { onRequest });
  const last = asked.slice(asked.lastIndexOf('change') + 1).filter((file) => !/tables|live-|predicate/.test(file));
  // Whose the database is, is asked once it can become nobody else's.
  const known = ['policy/hold-gate', '[installed]', 'policy/fingerprint', 'policy/noted-by-others', 'policy/accept', 'COMMIT TRANSACTION'];
  expect(last).toEqual(known);
});

test('a change that nobody judged is accepted with what is there, though nothing is to be set', async () => {
  const asked: string[] = [];
  const onRequest = (_text: string, file: string | undefined): void => {
    if (file === 'policy/accept') asked.push(file);
  };
  const shown = await apply(['Blogs'], inOrder, [], {
    said: { 'policy/verification': protectionAnswer(accepting().signer, { unjudged: 1 }) },
    onRequest,
  });
  expect(shown).toMatchObject({
    changes: [{ kind: 'accept', item: expect.stringContaining('past what judges each change') as string, before: null }],
  });
  expect(asked).toEqual(['policy/accept']);
});

test('what another transaction commits after the look is accepted by another try alone, which lists it', async () => {
  const changes: string[] = [];
  const items = JSON.stringify([{ kind: 'view', object: 'dbo.Leak', digest: 'd' }]);
  const other = 'd'.repeat(64);
  const { columns, rows } = policyAnswers['policy/fingerprint'];
  const [[, functionDigest]] = rows;
  const meanwhile = { columns, rows: [[other, functionDigest, items]] };
  const differing = JSON.stringify([{ kind: 'view', object: 'dbo.Leak', change: 'added' }]);
  const isSet = (): boolean => changes.some((change) => change.includes('[dbo].[Blogs]'));
  const isDone = (): boolean =>
    changes
      .slice(changes.findLastIndex((change) => change.includes('ROLLBACK')) + 1)
      .some((change) => change.includes('TO [tenantry_mover]'));
  const said = {
    get 'policy/fingerprint'() {
      return isSet() ? meanwhile : policyAnswers['policy/fingerprint'];
    },
    get 'policy/verification'() {
      return protectionAnswer(accepting().signer, isSet() ? { fingerprint: other, differing } : {});
    },
  };
  const { changes: shown } = await apply(['Blogs'], (table) => (isDone() ? inOrder(table) : []), changes, { said });
  expect(endsIn(changes)).toEqual(['ROLLBACK', 'COMMIT']);
  expect(shown.filter(({ kind }) => kind === 'accept').map(({ item }) => item)).toEqual(['view dbo.Leak']);
});

test.each<[what: string, number: number, code: string]>([
  ['whose lock is not to be had', 1222, 'TIMEOUT'],
  ['over which a deadlock came about', 1205, 'SERIALIZATION_FAILURE'],
])('a table %s: everything is undone and tried again, ever more seldom, and it is named in the end', async (_, number, code) => {
  const changes: string[] = [];
  const { clock, pauses } = pausing();
  const refuse = (text: string): number | undefined => (text.includes('[dbo].[Posts]') ? number : undefined);
  await expect(apply(['Blogs', 'Posts'], () => [], changes, { clock, withinMs: 10_000, refuse })).rejects.toMatchObject({
    code,
    detail: expect.stringMatching(/^dbo\.Posts is in use and could not be changed: .* Nothing was changed; run it again\.$/),
    outcome: 'not-run',
  });
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000]);
  expect(endsIn(changes)).toEqual([...Array<string>(5).fill('ROLLBACK')]);
});

test.each<[what: string, number: number, code: string]>([
  ['who holds its gate for longer than half a second', 1222, 'TIMEOUT'],
  ['with whom a deadlock over it came about', 1205, 'SERIALIZATION_FAILURE'],
])('whoever judges the shard, %s, is waited for again like who uses a table', async (_, number, code) => {
  const changes: string[] = [];
  const { clock, pauses } = pausing();
  const holding: string[] = [];
  const refuse = (text: string): number | undefined => {
    if (!text.includes('SET LOCK_TIMEOUT 500;')) return undefined;
    holding.push(text);
    return number;
  };
  const isDone = (): boolean => changes.some((change) => change.includes('TO [tenantry_mover]'));
  const itemsOf = (table: string): readonly Item[] => (isDone() ? inOrder(table) : []);
  const said = { 'policy/verification': protectionAnswer(accepting().signer, { unjudged: 1 }) };
  await expect(apply(['Blogs'], itemsOf, changes, { clock, withinMs: 2_000, refuse, said })).rejects.toMatchObject({
    code,
    detail: expect.stringMatching(/^The gate of the shard is in use and could not be changed: .* Nothing was changed; run it again\.$/),
  });
  expect(pauses).toEqual([500, 1_000]);
  expect(holding.filter((text) => !text.includes('[tenantry].[gate] AS g WITH (UPDLOCK'))).toEqual([]);
  expect(endsIn(changes)).toEqual([...Array<string>(3).fill('ROLLBACK')]);
});

test('what was in use is changed with everything else as soon as it can be', async () => {
  const changes: string[] = [];
  const { clock, pauses } = pausing();
  const isDone = (table: string): boolean =>
    changes.some((change) => change.includes(`GRANT SELECT ON [dbo].[${table}] TO [tenantry_superuser]`)) && pauses.length > 0;
  const refuse = (text: string): number | undefined => (text.includes('[dbo].[Posts]') && pauses.length === 0 ? 1222 : undefined);
  await apply(['Blogs', 'Posts'], (table) => (isDone(table) ? inOrder(table) : []), changes, { clock, refuse });
  expect(pauses).toEqual([500]);
  expect(endsIn(changes)).toEqual(['ROLLBACK', 'COMMIT']);
});

test('statements wait a second for others, all in all, and what they change is not counted', async () => {
  const changes: string[] = [];
  const clock = new FakeClock();
  const onRequest = (text: string, file: string | undefined): void => {
    if (file === undefined && text.includes('[dbo].[Posts]')) clock.advance(350);
  };
  await expect(apply(['Blogs', 'Posts'], () => [], changes, { clock, withinMs: 0, onRequest })).rejects.toMatchObject({
    code: 'TIMEOUT',
    cause: { code: 'TIMEOUT', detail: 'Others held tables for more than 1000 ms.' },
  });
  const patience = changes.flatMap((change) => (change.includes('[dbo].[Posts]') ? /LOCK_TIMEOUT (\d+)/.exec(change)?.[1] : []));
  expect(patience).toEqual(['1000', '700', '400', '100']);
  expect(endsIn(changes)).toEqual(['ROLLBACK']);
});

/** How the transactions ended. */
function endsIn(changes: readonly string[]): (string | undefined)[] {
  return changes.flatMap((change) => /^(COMMIT|ROLLBACK) TRANSACTION/m.exec(change)?.[1] ?? []);
}

/** A clock whose pauses are over at once. */
function pausing(): { readonly clock: Clock; readonly pauses: number[] } {
  const pauses: number[] = [];
  const time = new FakeClock();
  const after: Clock['after'] = (ms, callback) => {
    pauses.push(ms);
    time.advance(ms);
    queueMicrotask(callback);
    return () => undefined;
  };
  return { clock: { now: () => time.now(), after }, pauses };
}
