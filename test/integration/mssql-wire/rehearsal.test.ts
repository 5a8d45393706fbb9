import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asError } from '../../../src/core/errors.ts';
import { sql, sqlText, type Sql } from '../../../src/core/sql.ts';
import type { SqlSession } from '../../../src/core/session.ts';
import type { Attempt } from '../../../src/engine/rehearsal.ts';
import { mssqlRehearsals } from '../../../src/engine/mssql/rehearsal.ts';
import { ScriptedShard } from '../../support/scripted-shard.ts';

const made = sql`insert [T] values (${'made up'})`;
const commits = (count: number): Sql => sqlText(`update [T] set [Name] = 'x'\n${'commit\n'.repeat(count)}`);

let shard: ScriptedShard;

beforeEach(async () => {
  shard = await ScriptedShard.start();
});
afterEach(async () => await shard[Symbol.asyncDispose]());

/** What comes of a statement where something was made up before it; a read behind it finds the transaction still there. */
async function attempted(statement: Sql): Promise<Attempt | Error> {
  const database = shard.openDatabase();
  const undoing = new Error('undone');
  let attempt: Attempt | undefined;
  const work = async (session: SqlSession): Promise<never> => {
    const rehearsal = await mssqlRehearsals.begin(session, []);
    await rehearsal.keep(made);
    attempt = await rehearsal.attempt({}, statement);
    await rehearsal.attempt({}, sql`select ${1} as [n]`);
    await rehearsal.end();
    throw undoing;
  };
  const failure = await database.transaction(work).catch(asError);
  await database.close();
  return failure === undoing && attempt !== undefined ? attempt : failure;
}

describe('a statement of a rehearsal on the wire', () => {
  test('gives its rows, and is undone', async () => {
    expect(await attempted(sql`select ${1} as [n]`)).toMatchObject({ outcome: 'done', rows: [{ n: 1 }], rowCount: 1 });
    expect(await attempted(sql`update [T] set [Name] = ${'changed'}`)).toMatchObject({ outcome: 'done', rows: [], rowCount: 1 });
    expect(shard.committed).toEqual([]);
  });

  test.each([1, 2, 15])('commits nothing by %i times COMMIT, is refused, and the rehearsal goes on', async (count) => {
    expect(await attempted(commits(count))).toMatchObject({ outcome: 'refused', error: { code: 'TRANSACTION_CONTROL' } });
    expect(shard.committed).toEqual([]);
  });

  test('takes the rehearsal with it by ROLLBACK, and whatever it goes on with', async () => {
    const failure = await attempted(sqlText(`rollback\nupdate [T] set [Name] = 'x'`));
    expect(failure).toMatchObject({ code: 'TRANSACTION_CONTROL', outcome: 'unknown' });
    expect(shard.committed).toEqual([]);
    await expect.poll(() => shard.server.connections).toBe(0);
  });

  test('is found out where it commits oftener than there are transactions', async () => {
    expect(await attempted(commits(16))).toMatchObject({ code: 'TRANSACTION_CONTROL', outcome: 'unknown' });
  });
});
