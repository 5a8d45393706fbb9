import { describeDisagreement } from '../../../shardmap/compare-shard.ts';
import type { Command } from 'commander';
import type { RecoveryPreview, RecoveryReport } from '../../../shardmap/recovery.ts';
import { counted } from '../../core/counted.ts';
import { withManager } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode } from '../command.ts';
import type { Output } from '../output.ts';

type Settled = RecoveryReport['settled'][number];
type Unfinished = RecoveryReport['running'][number];
type Disagreement = RecoveryReport['disagreements'][number];

/** `tenantry recover`. */
export function addRecoverCommand(program: Command, world: CliWorld): void {
  addCommand(
    program,
    world,
    {
      usage: 'recover',
      summary:
        'finish or undo operations that other processes left, and show where shards and catalog disagree; ends with 2 where something is left',
      examples: ['recover', 'recover --dry-run --json'],
      changes: true,
    },
    (command) =>
      command.option('--yes', 'accept a catalog whose server has changed as it is, though shards disagree with it or do not answer'),
    (invocation) =>
      withManager(invocation, async (manager) => {
        const { output, options } = invocation;
        if (options.dryRun === true) return tellPreview(await manager.dryRun.recover(), output);
        return tellReport(await manager.recover({ confirmed: options.yes }), output);
      }),
  );
}

function tellReport(report: RecoveryReport, output: Output): ExitCode {
  const { catalog, compared, settled, running, failed, pruned, disagreements, reopened } = report;
  const shown = {
    catalog,
    compared,
    settled: settled.map(withEnd),
    running: running.map(named),
    failed: failed.map(({ operation, error }) => ({ ...named(operation), error: { code: error.code, message: error.message } })),
    pruned,
    reopened,
    disagreements,
  };
  const lines = [
    ...settled.map(
      ({ operation, end }) => `${output.tone('good', end === 'DONE' ? 'finished' : 'undone')} ${operation.kind} ${operation.operationId}`,
    ),
    ...running.map((operation) => runningLine(operation, output)),
    ...failed.map(({ operation, error }) => `${output.tone('bad', 'left')} ${operation.kind} ${operation.operationId}: ${error.reason}`),
    ...(pruned === 0 ? [] : [`${output.tone('good', 'forgot')} ${counted(pruned, 'operation')} that ended long ago`]),
    ...reopened.map((shard) => `${output.tone('good', 'reopened')} shard ${shard}: ${changedServer}`),
    ...disagreements.map((disagreement) => disagreementLine(disagreement, output)),
    ...(catalog === 'accepted' ? [acceptedLine(compared, output)] : catalog === 'refused' ? [refusedLine(output)] : []),
  ];
  output.result(shown, lines.join('\n') || 'Nothing was left, and shards and catalog agree.');
  return catalog !== 'refused' && running.length + failed.length + disagreements.length === 0 ? 0 : 2;
}

function tellPreview({ catalog, left, running, disagreements, reopenable }: RecoveryPreview, output: Output): ExitCode {
  const lines = [
    ...left.map(({ operation, end }) => `would ${end === 'DONE' ? 'finish' : 'undo'} ${operation.kind} ${operation.operationId}`),
    ...running.map((operation) => runningLine(operation, output)),
    ...reopenable.map((shard) => `would reopen shard ${shard}: ${changedServer}`),
    ...disagreements.map((disagreement) => disagreementLine(disagreement, output)),
    ...(catalog === 'acceptable'
      ? ['would accept the catalog, whose server has changed']
      : catalog === 'refused'
        ? [refusedLine(output)]
        : []),
  ];
  const shown = { catalog, left: left.map(withEnd), running: running.map(named), reopenable, disagreements };
  output.result(shown, lines.join('\n') || 'Nothing is left, and shards and catalog agree.');
  return lines.length === 0 ? 0 : 2;
}

const changedServer = "its server changed, and its local map is the catalog's";

function acceptedLine(compared: readonly string[], output: Output): string {
  const shards = compared.length === 0 ? 'It knows no shard' : `The shards that it knows are ${compared.join(', ')}`;
  return `${output.tone('good', 'accepted')} catalog: its server has changed, and the shard map can be changed again. ${shards}; one that was added after a backup is not among them.`;
}

function refusedLine(output: Output): string {
  return `${output.tone('bad', 'refused')} catalog: its server has changed, and the shard map cannot be changed before all of this is put right (or, as it is, after \`tenantry recover --yes\`)`;
}

function named({ operationId, kind, state }: Unfinished): object {
  return { operationId, kind, state };
}

function withEnd({ operation, end }: Settled): object {
  return { ...named(operation), end };
}

function runningLine({ kind, operationId }: Unfinished, output: Output): string {
  return `${output.tone('doubtful', 'running')} ${kind} ${operationId}: another process is at it`;
}

function disagreementLine(disagreement: Disagreement, output: Output): string {
  return `${output.tone('bad', 'disagreement')} shard ${disagreement.shard}, ${describeDisagreement(disagreement)}`;
}
