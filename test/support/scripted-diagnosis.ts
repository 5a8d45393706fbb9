import { schemaVersions } from '../../src/core/schema-version.ts';
import { onTestFinished } from 'vitest';
import type { Finding } from '../../src/cli/services.ts';
import { resolveConfig } from '../../src/config.ts';
import type { CapabilitySettings } from '../../src/core/capability-settings.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createShardSigner } from '../../shardmap/shard-signer.ts';
import type { ShardMapManager } from '../../shardmap/manager.ts';
import { diagnoseShard } from '../../src/main/diagnosis/shard.ts';
import { createEngines } from '../../src/main/engines.ts';
import { answerFile, askedFile, columnsOf, policyAnswers, type Said } from './library-answers.ts';
import { protectionAnswer } from './protection-answer.ts';
import { incarnation, shardId } from './scripted-shard.ts';
import { startTdsServer, type TdsServer } from './tds/server.ts';
import { doneStatus, doneToken, errorToken } from './tds/tokens.ts';
import { sampleConfig, sampleEnvironment } from '../unit/config/sample.ts';

/** The time of day, the server's and this machine's. */
export const now = new Date('2026-11-21T12:00:00Z');
/** What helps where a login or a right is missing. */
export const rights = { remedy: 'tenantry shard provision a', advice: 'with --bootstrap it runs the SQL that it prints' };

const text = 'nvarchar(400)';

const { fleetKey } = resolveConfig(sampleConfig(), sampleEnvironment);

/** What a shard in order says to everything that doctor asks. */
export const inOrder = {
  'local-map/is-installed': { columns: { installed: 'bit' }, rows: [[true]] },
  'local-map/get-description': {
    columns: { schemaVersion: 'int', shardId: 'uniqueidentifier', map: text, keyType: text },
    rows: [[schemaVersions.shard, shardId, 'customers', 'int']],
  },
  'engine/incarnation': { columns: { incarnation: text }, rows: [[incarnation]] },
  'doctor/clock': { columns: { timeMs: 'bigint' }, rows: [[BigInt(now.getTime())]] },
  'policy/shard-schema': {
    columns: { prepared: 'bit', installed: 'bit', keyType: text, contextProtection: text },
    rows: [[true, true, 'int', 'guarded']],
  },
  'doctor/server': { columns: columnsOf['doctor/server'], rows: [] },
  'doctor/change-tracking': { columns: columnsOf['doctor/change-tracking'], rows: [] },
  ...policyAnswers,
  'policy/verification': protectionAnswer(createShardSigner(fleetKey, shardId)),
  'doctor/principal': { columns: { problem: text }, rows: [] },
  'engine/inspect': {
    columns: { shardId: 'uniqueidentifier', schemaVersion: 'int', incarnation: text, contextProtection: 'nvarchar(10)' },
    rows: [[shardId, schemaVersions.shard, incarnation, 'guarded']],
  },
  'policy/gate': { columns: columnsOf['policy/gate'], rows: [] },
} as const satisfies Readonly<Record<string, Said>>;

/** A file of the query library that doctor asks. */
export type Asked = keyof typeof inOrder;

const files = Object.keys(inOrder) as Asked[];

interface LookOptions {
  readonly capabilities?: CapabilitySettings;
  /** Number with which logins are refused. */
  readonly refusal?: number;
  /** Told each question, and how many connections are open. */
  readonly onAsked?: (file: Asked, connections: number) => void;
  /** This machine's time of day; the server's by default. */
  readonly now?: () => Date;
  /** What the local map has otherwise than the catalog. */
  readonly disagreements?: ShardMapManager['disagreements'];
}

/** What doctor finds on a shard that says this instead of what one in order says, without the list of its capabilities. */
export async function findings(said: Partial<Record<Asked, Said>> = {}, options: LookOptions = {}): Promise<Finding[]> {
  return (await allFindings(said, options)).filter((finding) => !finding.text.startsWith('Its capabilities: '));
}

/** What doctor finds on it, the list of its capabilities among it, but not that its context is guarded. */
export async function allFindings(said: Partial<Record<Asked, Said>> = {}, options: LookOptions = {}): Promise<Finding[]> {
  const found = await diagnose(await startDiagnosed(said, options), options);
  return found.filter(({ text: says }) => says !== 'Its context protection is guarded.');
}

/** A server that says this instead of what one in order says; it is closed as the test ends. */
export async function startDiagnosed(said: Partial<Record<Asked, Said>> = {}, options: LookOptions = {}): Promise<TdsServer> {
  const { refusal } = options;
  const server = await startTdsServer({
    login: (_login, answer, _connection, admit) =>
      refusal === undefined ? admit() : answer.end(errorToken({ number: refusal, class: 14 }), doneToken('DONE', doneStatus.error)),
    request: (request, answer) => {
      const file = askedFile(files, request);
      if (file !== undefined) options.onAsked?.(file, server.connections);
      return answerFile(file === undefined ? undefined : (said[file] ?? inOrder[file]), request, answer);
    },
  });
  onTestFinished(() => server.close());
  return server;
}

/** What doctor finds of a shard at an address. */
export async function diagnose({ host, port }: Pick<TdsServer, 'host' | 'port'>, options: LookOptions = {}): Promise<Finding[]> {
  const address = { engine: 'mssql', host, port, database: 'shop', tls: 'disable' } as const;
  const found: Finding[] = [];
  for await (const finding of diagnoseShard({
    engines: createEngines(),
    clock: systemClock,
    now: options.now ?? (() => now),
    settings: resolveConfig(sampleConfig({ capabilities: options.capabilities ?? {} }), sampleEnvironment),
    shard: { shardId, mapId: 1, name: 'a', address, incarnation, state: 'ONLINE' },
    map: { mapId: 1, name: 'customers', kind: 'list', keyType: 'int', context: 'TenantId', version: 1 },
    manager: { disagreements: options.disagreements ?? async function* () {} },
    verdicts: { latest: async () => undefined },
  }))
    found.push(finding);
  return found;
}

/** What a finding is of. */
export const onShard = { subject: 'shard a' } as const;
