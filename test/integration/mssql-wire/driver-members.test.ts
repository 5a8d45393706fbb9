import { readFileSync } from 'node:fs';
import { Connection, TYPES } from 'tedious';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { loadDriver } from '../../../src/engine/mssql/driver.ts';
import { driverRelease } from '../../../src/engine/mssql/driver-members.ts';
import { compiled, entryOf, ScriptedShard } from '../../support/scripted-shard.ts';
import { startTdsServer } from '../../support/tds/server.ts';

const prototype = Connection.prototype as unknown as Record<string, unknown>;

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8'));

describe('a driver that is not the one that this was written with', () => {
  const undo: (() => void)[] = [];
  afterEach(() => undo.splice(0).forEach((each) => each()));

  test.each([
    ['sendPreLogin', undefined],
    ['sendLogin7Packet', undefined],
    ['currentTransactionDescriptor', undefined],
    ['createTokenStreamParser', undefined],
    ['makeRequest', () => undefined],
  ])('is told by the name of what it lacks: %s', async (name, other) => {
    const { [name]: own } = prototype;
    undo.push(() => (prototype[name] = own));
    prototype[name] = other;
    await using server = await startTdsServer({ request: () => undefined });
    await expect(ScriptedShard.connectTo(server)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: `The driver's connection has no ${name} as it should be: Tenantry works with ${driverRelease}.`,
    });
    expect(server.recording.of('login')).toEqual([]);
  });
});

describe('a driver that does not write messages as this one does is told by the name of what it lacks', () => {
  const file = 'tedious/lib/tracking-buffer/writable-tracking-buffer.js';
  afterEach(() => vi.doUnmock(file));

  test.each([
    ['has moved its file', () => Promise.reject(new Error('Cannot find module'))],
    ['has nothing in its file', () => ({ default: undefined })],
    [
      'has another class in its file',
      () => ({
        default: class {
          readonly data = '';
        },
      }),
    ],
  ])('one that %s', async (_how, module) => {
    vi.doMock(file, module as () => Promise<object>);
    await expect(loadDriver()).rejects.toMatchObject(lacks('WritableTrackingBuffer'));
  });

  test.each(['writeTypeInfo', 'writeValue'])('one whose types have no %s', async (member) => {
    const bit = TYPES.Bit as unknown as Record<string, unknown>;
    const { [member]: own } = bit;
    onTestFinished(() => void (bit[member] = own));
    bit[member] = undefined;
    await expect(loadDriver()).rejects.toMatchObject(lacks('type Bit'));
  });

  function lacks(what: string): object {
    return { code: 'INVALID_CONFIGURATION', detail: `The driver has no ${what} as it should be: Tenantry works with ${driverRelease}.` };
  }
});

test('a driver that throws while it sends fails the statement, and its connection serves nobody else', async () => {
  await using shard = await ScriptedShard.start();
  const connection = await shard.connect();
  vi.spyOn(Connection.prototype, 'execSql').mockImplementationOnce(() => {
    throw new TypeError('planted');
  });
  const asked = connection.execute(entryOf(1), compiled(sql`select n from t`), { readOnly: true, timeoutMs: 10_000 });
  await expect(asked).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', cause: { message: 'planted' } });
  expect(connection.usable).toBe(false);
});

test('the package names the release exactly, and it is the one that is installed', () => {
  const { dependencies } = read('package.json') as { dependencies: Record<string, string> };
  const { version } = read('node_modules/tedious/package.json') as { version: string };
  expect(dependencies['tedious']).toBe(version);
  expect(driverRelease).toBe(`tedious ${version}`);
});
