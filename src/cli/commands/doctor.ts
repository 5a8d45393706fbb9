import type { Command } from 'commander';
import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Help } from '../../core/help.ts';
import { visible } from '../../core/visible.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import type { Output, Tone } from '../output.ts';
import type { Finding } from '../services.ts';

const tones: Readonly<Record<Finding['level'], Tone>> = { ok: 'good', warning: 'doubtful', problem: 'bad' };

/** `tenantry doctor`. */
export function addDoctorCommand(program: Command, world: CliWorld): void {
  addCommand(
    program,
    world,
    {
      usage: 'doctor',
      summary:
        'check configuration, catalog, shards and Redis, and say what to run or to change where something is wrong; ends with 2 where something is',
      examples: ['doctor', 'doctor --json'],
    },
    (command) => command,
    doctor,
  );
}

async function doctor({ settings, output, world }: Invocation<object>): Promise<ExitCode> {
  const findings: Finding[] = [];
  for await (const finding of findingsOf(settings, world)) {
    findings.push(finding);
    output.line(line(finding, output));
  }
  output.whole({ items: findings });
  return findings.some(({ level }) => level === 'problem') ? 2 : 0;
}

async function* findingsOf(settings: () => Promise<Settings>, { services }: CliWorld): AsyncGenerator<Finding, void, undefined> {
  const subject = 'configuration';
  const configured = await readSettings(settings);
  if (configured instanceof TenantryError) {
    yield { subject, level: 'problem', text: configured.reason, advice: 'mend each of these, then run tenantry doctor again' };
    return;
  }
  yield { subject, level: 'ok', text: 'It is valid, and every variable that it needs is set.' };
  yield* services.diagnose(configured);
}

async function readSettings(settings: () => Promise<Settings>): Promise<Settings | TenantryError> {
  try {
    return await settings();
  } catch (error) {
    if (error instanceof TenantryError) return error;
    throw error;
  }
}

function line(finding: Finding, output: Output): string {
  const { subject, level, text } = finding;
  const help = finding.level === 'ok' ? [] : helpLines(finding).map((each) => output.tone('quiet', each));
  return [`${output.tone(tones[level], level.padEnd(8))} ${subject}: ${text.replaceAll('\n', '\n         ')}`, ...help].join('\n         ');
}

/** What to run is said to be so, and nothing else is. */
function helpLines({ remedy, advice }: Help): string[] {
  if (remedy === undefined) return [`what helps: ${visible(advice)}`];
  return [`run: ${visible(remedy)}`, ...(advice === undefined ? [] : [`note: ${visible(advice)}`])];
}
