import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Row } from '../../../src/core/session.ts';
import { sqlText, type Sql, type SqlValue } from '../../../src/core/sql.ts';
import type { TableColumn } from '../../../src/http/tables/table.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { failureOf } from '../../support/tenantry-failure.ts';
import { served, type ServedTable } from './support/data-api.ts';
import { planOf } from './support/plans.ts';
import { apiTables, auditing } from './support/tables-of-the-data-api.ts';
import { createWorld, type World } from './support/world.ts';

describeNeeding('mssql', 'The data API on SQL Server itself', () => {
  let world: World;
  let audited: ServedTable;
  let lines: ServedTable;

  beforeAll(async () => {
    world = await createWorld(apiTables, ['Audited', 'Lines']);
    await world.root.query(sqlText(auditing));
    audited = await served(world, 'Audited');
    lines = await served(world, 'Lines');
  });
  afterAll(async () => await world?.close());

  const run = (statement: Sql): Promise<{ rows: Row[]; rowCount: number }> => world.asTenant(1, (session) => session.query(statement));

  /** The values of a row, as a body's codecs make them. */
  function valuesOf({ table }: ServedTable, given: Readonly<Record<string, unknown>>): Map<TableColumn, SqlValue> {
    return new Map(
      Object.entries(given).map(([name, value]) => {
        const column = table.columns.get(name)!;
        return [column, column.codec.fromJson(value) ?? null];
      }),
    );
  }

  test('tells tables with triggers, and the types of their columns', () => {
    expect([audited.table.hasTriggers, lines.table.hasTriggers]).toEqual([true, false]);
    expect([...audited.table.columns.values()].map(({ name, storedAs }) => [name, storedAs?.split(' ')[0]])).toEqual([
      ['Id', 'int'],
      ['Code', 'varchar(20)'],
      ['Name', 'nvarchar(40)'],
      ['Twice', 'int'],
      ['At', 'datetime2(3)'],
    ]);
    expect(audited.table.columns.get('Code')?.storedAs).toBe('varchar(20) COLLATE Polish_CI_AS');
  });

  test('a table with a trigger is written, and answers with what the trigger made of the row', async () => {
    const { statements } = audited;
    const created = await run(statements.insert(valuesOf(audited, { Code: 'aŁ', Name: 'ann' })));
    expect(created.rows).toEqual([{ Id: 1, Code: 'aŁ', Name: 'ANN', Twice: 2, At: expect.stringMatching(/^\d{4}-/) as string }]);
    const changed = await run(statements.update([1, 'aŁ'], valuesOf(audited, { Name: 'bea' })));
    expect(changed.rows).toMatchObject([{ Id: 1, Name: 'BEA' }]);
    expect((await run(statements.update([2, 'aŁ'], valuesOf(audited, { Name: 'bea' })))).rows).toEqual([]);
    expect((await run(statements.remove([2, 'aŁ']))).rowCount).toBe(0);
    expect((await run(statements.remove([1, 'aŁ']))).rowCount).toBe(1);
    expect((await run(statements.find([1, 'aŁ']))).rows).toEqual([]);
  });

  test.each(['gone', 'moved'])('a change whose row its trigger took away (%s) is counted, and shows none', async (Name) => {
    const { statements } = audited;
    const created = await run(statements.insert(valuesOf(audited, { Code: 'x', Name })));
    expect([created.rows, created.rowCount]).toEqual([[], 1]);
    const [kept] = (await run(statements.insert(valuesOf(audited, { Code: 'y', Name: 'kept' })))).rows;
    const changed = await run(statements.update([Number(kept?.['Id']), 'y'], valuesOf(audited, { Name })));
    expect([changed.rows, changed.rowCount]).toEqual([[], 1]);
    const absent = await run(statements.update([Number(kept?.['Id']), 'y'], valuesOf(audited, { Name })));
    expect([absent.rows, absent.rowCount]).toEqual([[], 0]);
  });

  test('what a trigger throws is told without its words, and nothing of the change stays', async () => {
    const { statements } = audited;
    const failure = await failureOf(run(statements.insert(valuesOf(audited, { Code: 'z', Name: 'refused' }))));
    expect(failure).toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run', cause: { number: 50_001 } });
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('hidden');
    expect((await run(statements.list(100, undefined))).rows.filter(({ Code }) => Code === 'z')).toEqual([]);
  });

  const row = {
    Code: 'aŁ', Old: 'x', Guid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', Price: '1.50', Cost: '12.3456', Part: 0.1, Small: 200, Big: '9007199254740993',
    Day: '2026-11-21', Clock: '10:11:12.125', Then: '2026-11-21T10:11:12.123Z', Moment: '2026-11-21T10:11:12.125Z',
  }; // prettier-ignore
  const keyOf = (changed: Partial<typeof row> = {}): SqlValue[] => [...valuesOf(lines, { ...row, ...changed }).values()];

  test('a key of many types finds its row by a seek of every column, and no other row', async () => {
    const exact = { Total: '-1234567890123456789012345678901234.5600', Fee: '922337203685477.5807' };
    await run(lines.statements.insert(valuesOf(lines, { ...row, ...exact, Text: 'this one' })));
    expect((await run(lines.statements.find(keyOf()))).rows).toMatchObject([{ Code: 'aŁ', Text: 'this one', Price: '1.50', ...exact }]);
    const names = ['TenantId', ...lines.table.key.map(({ name }) => name)];
    expect((await planOf(world, lines.statements.find(keyOf()))).sought).toContainEqual(names);
    // What the column's code page lacks, what is too long for it, and what its type does not hold.
    for (const other of [{ Code: 'aЖ' }, { Code: 'a?' }, { Old: 'x\u0416' }, { Small: 300 }, { Small: -1 }])
      expect((await run(lines.statements.find(keyOf(other)))).rows).toEqual([]);
    expect((await run(lines.statements.find([`aŁ${' '.repeat(18)}x`, ...keyOf().slice(1)]))).rows).toEqual([]);
  });

  test('pages by a key of many types follow the order of the columns', async () => {
    for (const Code of ['a-b', 'ab', 'a', 'łą', 'A'])
      await run(lines.statements.insert(valuesOf(lines, { ...row, Code, Old: Code.slice(0, 1), Text: 'x' })));
    const all = (await run(lines.statements.list(100, undefined))).rows.map((found) => [found['Code'], found['Old']]);
    const paged: unknown[] = [];
    for (let last: SqlValue[] | undefined; ;) {
      const [next] = (await run(lines.statements.list(1, last))).rows;
      if (next === undefined) break;
      paged.push([next['Code'], next['Old']]);
      last = [String(next['Code']), String(next['Old']), ...keyOf().slice(2)];
    }
    expect(paged).toEqual(all);
  });
});
