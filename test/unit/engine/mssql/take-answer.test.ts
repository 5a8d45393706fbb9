import { EventEmitter } from 'node:events';
import { TYPES, type Request } from 'tedious';
import { expect, test } from 'vitest';
import { Answer } from '../../../../src/engine/mssql/answer.ts';
import { takeAnswer } from '../../../../src/engine/mssql/take-answer.ts';

const cut = 'JSON_F52E2B61-18A1-11d1-B105-00805F49916B';

/** What the driver tells of an answer, one event after another. */
function asked() {
  const request = new EventEmitter();
  const answer = new Answer();
  let tooLarge = 0;
  const options = { bigints: 'number', mostBytes: 1_000, take: undefined, tooLarge: () => void (tooLarge += 1) } as const;
  takeAnswer(request as unknown as Request, answer, options);
  const columns = (...names: string[]): unknown =>
    request.emit(
      'columnMetadata',
      names.map((colName) => ({ colName, type: colName === 'id' ? TYPES.BigInt : TYPES.NVarChar })),
    );
  const row = (...values: unknown[]): unknown =>
    request.emit(
      'row',
      values.map((value) => ({ value })),
    );
  return { request, answer, columns, row, refused: () => tooLarge };
}

test('several results give the rows of the last one, and the counts of all', () => {
  const { request, answer, columns, row } = asked();
  columns('first');
  row('a');
  row('b');
  request.emit('doneInProc', 2);
  columns('second');
  row('c');
  request.emit('doneInProc', 1);
  request.emit('done', undefined);
  expect(answer.rows).toEqual([{ second: 'c' }]);
  expect(answer.counts).toEqual([2, 1]);
});

test('a value that cannot be read leaves no row, neither before it nor after it', () => {
  const { answer, columns, row } = asked();
  columns('id');
  row('1');
  row('9007199254740993');
  row('2');
  expect(answer.rows).toEqual([]);
  expect(answer.rowError).toMatchObject({ code: 'INTERNAL' });
});

test('rows that come after an interruption are not read', () => {
  const { answer, columns, row } = asked();
  columns('name');
  row('a');
  answer.interruption = 'TIMEOUT';
  row('b');
  expect(answer.rows).toEqual([{ name: 'a' }]);
});

test('a text that the server cut is no row where its end was interrupted', () => {
  const { request, answer, columns, row } = asked();
  columns(cut);
  row('[{"n":1},');
  answer.interruption = 'CANCELLED';
  request.emit('done', undefined);
  expect(answer.rows).toEqual([]);
});

test('one row too many is said to be, and is not kept', () => {
  const { answer, columns, row, refused } = asked();
  columns('name');
  for (let rows = 0; rows < 3; rows += 1) row('x'.repeat(400));
  expect([answer.rows.length, refused()]).toEqual([1, 2]);
});

test("the message's own end is told by its own parameter alone", () => {
  const { request, answer } = asked();
  request.emit('returnValue', 'another', true);
  expect(answer.done).toBe(false);
  request.emit('returnValue', 'tenantry_done', true);
  expect(answer.done).toBe(true);
});
