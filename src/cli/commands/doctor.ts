import type { Command } from 'commander';
import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
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
      summary: 'look at configuration, catalog, shards and Redis, and say what to run where something is wrong; ends with 2 where it is',
      examples: ['doctor', 'doctor --json'],
    },
    (command) => command,
    doctor,
  );
}

async function doctor({ settings, output, world }: Invocation<object>): Promise<ExitCode> {
  const findings: Finding[] = [];
  const configured = await readSettings(settings);
  if (configured instanceof TenantryError)
    findings.push({ subject: 'configuration', level: 'problem', text: configured.reason, remedy: 'tenantry config check' });
  else {
    findings.push({ subject: 'configuration', level: 'ok', text: 'It is valid, and every variable that it needs is set.' });
    for await (const finding of world.services.diagnose(configured)) findings.push(finding);
  }
  output.result(findings, findings.map((finding) => line(finding, output)).join('\n'));
  return findings.some(({ level }) => level === 'problem') ? 2 : 0;
}

async function readSettings(settings: () => Promise<Settings>): Promise<Settings | TenantryError> {
  try {
    return await settings();
  } catch (error) {
    if (error instanceof TenantryError) return error;
    throw error;
  }
}

function line({ subject, level, text, remedy }: Finding, output: Output): string {
  const advice = remedy === undefined ? '' : `\n         ${output.tone('quiet', `run: ${remedy}`)}`;
  return `${output.tone(tones[level], level.padEnd(8))} ${subject}: ${text}${advice}`;
}
