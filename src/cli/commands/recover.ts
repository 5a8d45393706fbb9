import type { Command } from 'commander';
import type { RecoveryReport } from '../../../shardmap/recovery.ts';
import { withManager } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode } from '../command.ts';
import type { Output } from '../output.ts';

/** `tenantry recover`. */
export function addRecoverCommand(program: Command, world: CliWorld): void {
  addCommand(
    program,
    world,
    {
      usage: 'recover',
      summary: 'finish or undo what other processes left, and show where shards and catalog disagree; ends with 2 where something is left',
      examples: ['recover', 'recover --json'],
    },
    (command) => command,
    (invocation) =>
      withManager(invocation, async (manager) => {
        const report = await manager.recover();
        const left = report.running.length + report.failed.length + report.disagreements.length;
        invocation.output.result(
          shown(report),
          describe(report, invocation.output).join('\n') || 'Nothing was left, and shards and catalog agree.',
        );
        const code: ExitCode = left === 0 ? 0 : 2;
        return code;
      }),
  );
}

function shown({ settled, running, failed, disagreements, reopened }: RecoveryReport): unknown {
  const named = ({ operationId, kind, state }: RecoveryReport['running'][number]): object => ({ operationId, kind, state });
  return {
    settled: settled.map(({ operation, end }) => ({ ...named(operation), end })),
    running: running.map(named),
    failed: failed.map(({ operation, error }) => ({ ...named(operation), error: { code: error.code, message: error.message } })),
    reopened,
    disagreements,
  };
}

function describe({ settled, running, failed, disagreements, reopened }: RecoveryReport, output: Output): string[] {
  const bad = (text: string): string => output.tone('bad', text);
  return [
    ...settled.map(
      ({ operation, end }) => `${output.tone('good', end === 'DONE' ? 'finished' : 'undone')} ${operation.kind} ${operation.operationId}`,
    ),
    ...running.map(({ kind, operationId }) => `${output.tone('doubtful', 'running')} ${kind} ${operationId}: another process is at it`),
    ...failed.map(({ operation, error }) => `${bad('left')} ${operation.kind} ${operation.operationId}: ${error.message}`),
    ...reopened.map((shard) => `${output.tone('good', 'reopened')} shard ${shard}: its server changed, and its local map is the catalog's`),
    ...disagreements.map(({ shard, what, mappingId, inCatalog, onShard }) => {
      const mapping = mappingId === undefined ? '' : ` of mapping ${mappingId}`;
      return `${bad('disagreement')} shard ${shard}, ${what}${mapping}: the catalog has ${inCatalog}, the shard ${onShard}`;
    }),
  ];
}
