import type { Command } from 'commander';
import type { AuditRecord } from '../../../shardmap/audit-trail.ts';
import { withAdministration } from '../administration.ts';
import { addCommand, type CliWorld, type Invocation } from '../command.ts';
import { wholeNumber } from '../whole-number.ts';

interface ListOptions {
  readonly limit?: number;
}

const columns = ['recordedAt', 'actor', 'action', 'subject', 'outcome', 'detail'] as const;
const defaultLimit = 50;
/** Rows that are read at once. */
const pageRows = 500;

/** `tenantry audit list`. */
export function addAuditCommands(program: Command, world: CliWorld): void {
  const audit = program.command('audit').description('who changed what on the fleet, as the catalog has it');
  addCommand<ListOptions>(
    audit,
    world,
    {
      usage: 'list',
      summary: 'list what was begun, done or failed, the latest first; each with who did it and when, by the clock of the catalog',
      examples: ['audit list', 'audit list --limit 500 --json'],
    },
    (command) => command.option('--limit <count>', `events at most, 1 to 100000 (default: ${defaultLimit})`, wholeNumber(1, 100_000)),
    list,
  );
}

async function list(invocation: Invocation<ListOptions>): Promise<void> {
  const { options, output } = invocation;
  await withAdministration(invocation, async ({ audit }) => {
    await output.stream(latest(audit, options.limit ?? defaultLimit), columns, 'Nothing was recorded yet.');
  });
}

async function* latest(
  audit: { list(page: { readonly limit: number; readonly before?: number }): Promise<AuditRecord[]> },
  limit: number,
): AsyncGenerator<Readonly<Record<string, unknown>>, void, undefined> {
  let before: number | undefined;
  for (let left = limit; left > 0;) {
    const page = await audit.list({ limit: Math.min(left, pageRows), ...(before === undefined ? {} : { before }) });
    for (const record of page) yield { ...record };
    if (page.length < pageRows) return;
    left -= page.length;
    before = page.at(-1)?.auditId;
  }
}
