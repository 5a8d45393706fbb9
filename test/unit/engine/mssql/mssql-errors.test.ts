import { describe, expect, test } from 'vitest';
import { EntryRefused } from '../../../../src/engine/entry.ts';
import { endsConnection, toEntryError, toLoginError, toStatementError } from '../../../../src/engine/mssql/mssql-errors.ts';

const error = (number: number, message = '', severity = 16): Parameters<typeof toStatementError>[0] => ({
  number,
  message,
  class: severity,
});

describe('what errors of SQL Server mean', () => {
  test.each([
    [51_001, 'UNKNOWN_MAPPING'],
    [51_002, 'OFFLINE'],
    [51_003, 'DRAINING'],
    [51_004, 'INCOMING'],
    [51_006, 'STALE_EPOCH'],
    [51_007, 'BAD_TOKEN'],
    [51_018, 'UNVERIFIED'],
  ] as const)("%i from enter is the refusal %s, and from a caller's statement it is not", (number, reason) => {
    expect(toEntryError(error(number, reason))).toEqual(new EntryRefused({ reason }));
    expect(toStatementError(error(number, reason))).toMatchObject({ code: 'STATEMENT_FAILED' });
  });

  test('MOVED says where, and a text of another form says nothing', () => {
    const shardId = '00000000-0000-4000-8000-00000000000B';
    expect(toEntryError(error(51_005, `MOVED {"shardId":"${shardId}","epoch":9}`))).toEqual(
      new EntryRefused({ reason: 'MOVED', shardId: shardId.toLowerCase(), epoch: 9 }),
    );
    expect(toEntryError(error(51_005, 'MOVED {"shardId":5}'))).toMatchObject({ code: 'STATEMENT_FAILED' });
  });

  test('a login that cannot see the procedure is told from a right that a statement lacks', () => {
    expect(toEntryError(error(229))).toMatchObject({ code: 'SHARD_UNVERIFIED' });
    expect(toEntryError(error(2812))).toMatchObject({ code: 'SHARD_UNVERIFIED' });
  });

  test('a login that is refused is known as one, and so is a database that wakes up', () => {
    expect(toLoginError(error(18_456))).toMatchObject({ code: 'SHARD_UNAVAILABLE', cause: { loginRefused: true, letsInLater: undefined } });
    expect(toLoginError(error(40_613))).toMatchObject({ code: 'SHARD_UNAVAILABLE', cause: { loginRefused: false, letsInLater: 'awake' } });
  });

  test('errors of severity 20 and more, and those of a server going away, end the connection', () => {
    expect([endsConnection(error(21, '', 21)), endsConnection(error(596)), endsConnection(error(2627))]).toEqual([true, true, false]);
  });
});
