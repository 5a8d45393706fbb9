import { expect, test } from 'vitest';
import { AuditTrail } from '../../../shardmap/audit-trail.ts';
import { administered } from '../../support/administered.ts';
import type { TdsRequest } from '../../support/tds/request.ts';
import { startTdsServer } from '../../support/tds/server.ts';

const runId = '0b6c1f2e-8f43-4a5b-9a36-0d6a3c1b2f11';
const event = { runId, actor: '張', action: 'policy apply', subject: 'shard a', outcome: 'DONE', detail: { changes: 2 } } as const;
const columns = {
  auditId: 'bigint',
  runId: 'uniqueidentifier',
  recordedAt: 'nvarchar(400)',
  actor: 'nvarchar(400)',
  action: 'nvarchar(400)',
  subject: 'nvarchar(400)',
  outcome: 'nvarchar(400)',
  detail: 'nvarchar(400)',
} as const;

test('an event is recorded by values alone, and listed as it was', async () => {
  const asked: TdsRequest[] = [];
  const recordedAt = '2026-01-02T03:04:05.678Z';
  const server = await startTdsServer({
    request: (request, answer) => {
      asked.push(request);
      const { actor, action, subject, outcome, detail } = event;
      return answer.rows(columns, [[7, runId, recordedAt, actor, action, subject, outcome, JSON.stringify(detail)]]);
    },
  });
  const audit = new AuditTrail(administered(server).database);
  await audit.record(event);
  expect(await audit.list({ limit: 5, before: 9 })).toEqual([{ ...event, auditId: 7, recordedAt }]);
  const [recorded, listed] = asked.map((request) => (request.kind === 'rpc' ? request.parameters.map(({ value }) => value) : []));
  expect(recorded).toEqual(expect.arrayContaining(['張', 'policy apply', 'shard a', 'DONE', '{"changes":2}']));
  expect(asked[0]?.text).not.toContain('shard a');
  expect(listed).toEqual(expect.arrayContaining([5]));
});
