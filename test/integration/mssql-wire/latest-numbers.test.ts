import { expect, test } from 'vitest';
import { LatestNumberStore } from '../../../shardmap/latest-numbers.ts';
import { administered } from '../../support/administered.ts';
import type { TdsRequest } from '../../support/tds/request.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { doneToken } from '../../support/tds/tokens.ts';

test('the catalog is told the latest numbers of a shard, and the greatest that could be made by now, as values', async () => {
  const asked: TdsRequest[] = [];
  const server = await startTdsServer({
    request: (request, answer) => {
      asked.push(request);
      return answer.end(doneToken('DONE'));
    },
  });
  const shardId = '0b6c1f2e-8f43-4a5b-9a36-0d6a3c1b2f11';
  const nowMs = Date.UTC(2026, 0, 2);
  await new LatestNumberStore(administered(server).database, () => nowMs - 1).note(shardId, {
    numbers: { accepted: nowMs - 1, overridden: 0 },
    nowMs,
  });
  const told = asked.map((request) => (request.kind === 'rpc' ? request.parameters.map(({ name, value }) => [name, value]) : []));
  expect(told).toEqual([
    [
      ['@shardId', shardId],
      ['@accepted', BigInt(nowMs - 1)],
      ['@overridden', 0n],
      ['@greatest', BigInt(nowMs + 86_400_000)],
    ],
  ]);
});
