import { Readable } from 'node:stream';
import { Connection, TYPES, type Request } from 'tedious';
import { afterEach, expect, test, vi } from 'vitest';
import { sql, type SqlValue } from '../../../src/core/sql.ts';
import { compiled, entryOf, ScriptedShard } from '../../support/scripted-shard.ts';

type Pieces = AsyncIterable<Buffer> | Iterable<Buffer>;

/** What the driver's types keep to themselves. */
interface Internals {
  createTokenStreamParser(message: Buffer | Pieces, handler: unknown): unknown;
}

const internals = Connection.prototype as unknown as Internals;

afterEach(() => vi.restoreAllMocks());

const values: SqlValue[] = ['a text', 'ü€'.repeat(500), null, 7, 1.5, 2n ** 40n, true, new Date(0), new Uint8Array([1, 2, 3]), [1, 2]];

test.each([
  ['one buffer', values],
  ['its parts, where it is long', [...values, 'a'.repeat(40_000), new Uint8Array(40_000).fill(7)]],
])('a call is sent byte for byte as the driver writes it, and given to it as %s', async (_form, given) => {
  await using shard = await ScriptedShard.start();
  const connection = await shard.connect();
  const streamed = vi.spyOn(Readable, 'from');
  const asked = vi.spyOn(Connection.prototype, 'execSql');
  const statement = compiled(
    sql`select ${sql.join(
      given.map((value) => sql`${value}`),
      sql`, `,
    )}`,
  );
  await connection.execute(entryOf(1), statement, { readOnly: true, timeoutMs: 10_000 });
  expect(streamed).toHaveBeenCalledOnce();
  const ours = streamed.mock.calls[0]?.[0] as Buffer | Pieces;
  const [request] = asked.mock.calls[0] ?? [];
  expect(Buffer.isBuffer(ours)).toBe(given === values);
  const theirs = writtenByDriver(asked.mock.contexts[0] as Connection, request as Request);
  expect(Buffer.isBuffer(theirs)).toBe(false);
  expect(Buffer.isBuffer(ours) ? ours : await whole(ours)).toEqual(await whole(theirs));
});

test('an answer that has come whole is read in one piece', async () => {
  await using shard = await ScriptedShard.start();
  shard.answer = () => ({ columns: { n: 'int' }, rows: [[1], [2]] });
  const read = vi.spyOn(internals, 'createTokenStreamParser');
  const connection = await shard.connect();
  read.mockClear();
  const answer = await connection.execute(entryOf(1), compiled(sql`select n from t`), { readOnly: true, timeoutMs: 10_000 });
  expect(answer.rows).toEqual([{ n: 1 }, { n: 2 }]);
  expect(read.mock.calls.map(([message]) => message)).toEqual([[expect.any(Buffer)]]);
});

test.each([
  ['throws amid its bytes', 'writeValue', () => throwPlanted()],
  ['throws amid its type', 'writeTypeInfo', () => throwPlanted()],
  ['would be written later', 'writeValue', () => (async function* () {})()],
] as const)('of a call with a value that %s nothing is sent, for certain, nor with what is sent next', async (_when, writer, instead) => {
  await using shard = await ScriptedShard.start();
  const connection = await shard.connect();
  const options = { readOnly: false, timeoutMs: 10_000 };
  await connection.execute(entryOf(1), compiled(sql`update t set a = ${'first'}`), options);
  shard.server.recording.take();
  const written = vi.spyOn(TYPES.Float, writer).mockImplementation((buffer) => {
    buffer.writeUInt8(0xaa);
    return instead();
  });
  const refused = connection.execute(entryOf(1), compiled(sql`update t set a = ${'second'}, b = ${1.5}`), options);
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST', outcome: 'not-run' });
  expect(written).toHaveBeenCalledOnce();
  expect(shard.server.recording.events).toEqual([]);
  expect(connection.usable).toBe(true);
  await connection.execute(entryOf(2), compiled(sql`update t set a = ${'third'}`), options);
  expect(shard.committed).toEqual(['first', 'third']);
  const [next, ...others] = shard.server.recording.requests();
  expect(others).toEqual([]);
  expect(next).toMatchObject({ reset: true });
});

function throwPlanted(): never {
  throw new RangeError('planted');
}

/** What the driver alone would send of a request. */
function writtenByDriver(connection: Connection, request: Request): Pieces {
  let written: Pieces = [];
  const sending = { makeRequest: (_request: Request, _packetType: number, payload: Pieces) => (written = payload) };
  const driver: Connection = Object.assign(Object.create(connection) as Connection, sending);
  driver.execSql(request);
  return written;
}

async function whole(pieces: Pieces): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pieces));
}
