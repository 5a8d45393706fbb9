import { counted } from '../../core/counted.ts';
import type { TenantryError } from '../../core/errors.ts';
import type { CaseExpectation, CaseRow, CaseStatement, CaseTable, PolicyCase } from '../../core/policy-case.ts';
import type { Row } from '../../core/session.ts';
import { sqlText, type Sql, type SqlValue } from '../../core/sql.ts';
import type { Attempt } from '../../engine/rehearsal.ts';
import type { Stage, StageCaller } from '../probes/rehearse.ts';
import type { TenantKey } from '../../../shardmap/key.ts';
import type { CaseFailure } from './case-result.ts';
import type { CaseRows } from './case-rows.ts';
import { columnOf, type CaseStatements } from './case-statements.ts';
import type { ConvertedValues } from './converted-values.ts';
import { failedOtherwise, judgeChange, type ChangeMade, type NamedRows } from './judge-change.ts';
import { judgeRows, reportedRow } from './judge-rows.ts';
import type { TestedTable, TestedTables } from './tested-tables.ts';

/** What the cases of a file are tried with. */
export interface CaseParts {
  /** Name of the engine, by which statements in its own words are chosen. */
  readonly engine: string;
  readonly tables: TestedTables;
  readonly statements: CaseStatements;
  readonly values: ConvertedValues;
  readonly rows: CaseRows;
  /** The key of a tenant of the file. */
  readonly keyOf: (tenant: string) => TenantKey;
  /** Whether all that the database shows may be reported: it has no rows but the file's. */
  readonly isScratch: boolean;
}

/** One case on the stage where its file's rows are. */
interface Trial {
  readonly stage: Stage;
  readonly caller: StageCaller;
  readonly tested: PolicyCase;
  readonly parts: CaseParts;
}

/** Tries one case; undefined where what comes of it is what was expected. */
export function tryCase(trial: Trial): Promise<CaseFailure | undefined> {
  const { statement } = trial.tested;
  switch (statement.kind) {
    case 'sql':
      return tryOwnWords(trial, statement.text[trial.parts.engine] ?? '');
    case 'select':
      return trySelect(trial, tableOf(statement, trial), statement.where);
    case 'update':
    case 'delete':
      return tryChange(trial, tableOf(statement, trial), statement);
    case 'insert':
    case 'upsert':
      return tryNewRows(trial, tableOf(statement, trial), statement);
  }
}

async function trySelect(trial: Trial, table: TestedTable, where: CaseRow): Promise<CaseFailure | undefined> {
  const { tested, parts } = trial;
  const { expect } = tested;
  const rows = expect.kind === 'rows' ? expect.rows : [];
  const named = Object.keys(rows[0] ?? {});
  const shown = named.length > 0 ? named : table.key.length > 0 ? table.key : [...table.columns.keys()];
  const attempt = await attempted(trial, parts.statements.select(table, where, shown));
  if (attempt.outcome === 'refused') return refused(expect, attempt.error);
  if (expect.kind === 'denied') return { message: `It should be denied, and gives ${counted(attempt.rowCount, 'row')}.` };
  const actual = attempt.rows;
  const wanted = expect.kind === 'count' ? expect.count : rows.length;
  if (wanted === 0 && (await namedRows(trial, table, where)).ofAll === 0) return { message: nothingToFail };
  if (expect.kind === 'count' || named.length === 0) return judgeCount(wanted, actual, shown);
  const converted = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([column, value]) => [column, convertedValue(table, column, value, parts)])),
  );
  return judgeRows({ expected: rows, converted, actual, ordered: false, areOfFile: true });
}

async function tryChange(trial: Trial, table: TestedTable, statement: Changing): Promise<CaseFailure | undefined> {
  const { statements } = trial.parts;
  const { where } = statement;
  const written = statement.kind === 'delete' ? statements.delete(table, where) : statements.update(table, statement.set, where);
  const attempt = await attempted(trial, written);
  return judgeChange(trial.tested.expect, { ...changeOf(attempt), named: await namedRows(trial, table, where) });
}

/** One statement for each row: each is allowed, or each is denied. */
async function tryNewRows(trial: Trial, table: TestedTable, { kind, values }: Inserting): Promise<CaseFailure | undefined> {
  const { statements, rows, keyOf } = trial.parts;
  const { as, expect } = trial.tested;
  for (const [index, row] of values.entries()) {
    const whose = ownerOf(row, table) ?? as.tenant;
    const statement = await rows[kind]({
      table,
      given: statements.values(table, row),
      tenant: table.tenantColumn === undefined || whose === undefined ? undefined : keyOf(whose),
    });
    const failure = judgeChange(expect, changeOf(await attempted(trial, statement)));
    if (failure !== undefined) return values.length === 1 ? failure : { ...failure, message: `values[${index}]: ${failure.message}` };
  }
  return undefined;
}

/** The tenant whom a row names as its own. */
function ownerOf(row: CaseRow, { tenantColumn }: TestedTable): string | undefined {
  const tenant = tenantColumn === undefined ? undefined : row[tenantColumn];
  return typeof tenant === 'string' ? tenant : undefined;
}

async function tryOwnWords(trial: Trial, text: string): Promise<CaseFailure | undefined> {
  const { tested, parts } = trial;
  const { expect } = tested;
  const attempt = await attempted(trial, sqlText(text));
  if (expect.kind === 'changed' || expect.kind === 'allowed') return judgeChange(expect, changeOf(attempt));
  if (attempt.outcome === 'refused') return refused(expect, attempt.error);
  if (expect.kind === 'denied') return { message: `It should be denied, and gives or changes ${counted(attempt.rowCount, 'row')}.` };
  if (expect.kind === 'count' || expect.rows.length === 0)
    return judgeCount(expect.kind === 'count' ? expect.count : 0, attempt.rows, [], parts.isScratch);
  const { rows, ordered } = expect;
  return judgeRows({ expected: rows, converted: rows, actual: attempt.rows, ordered, areOfFile: parts.isScratch });
}

type Changing = Extract<CaseStatement, { readonly kind: 'update' | 'delete' }>;
type Inserting = Extract<CaseStatement, { readonly values: readonly CaseRow[] }>;

const nothingToFail = 'No row of the file meets the condition, so that the case could not fail.';

function attempted({ stage, caller }: Trial, statement: Sql): Promise<Attempt> {
  return stage.attempt(caller, statement);
}

function tableOf({ table: { name } }: { readonly table: CaseTable }, { parts }: Trial): TestedTable {
  const table = parts.tables.get(name);
  if (table === undefined) throw new TypeError('A case names a table that the database has not, and was not checked.');
  return table;
}

/** Rows of the file that a condition names, as admin sees them. */
async function namedRows({ stage, tested, parts }: Trial, table: TestedTable, where: CaseRow): Promise<NamedRows> {
  const count = async (tenant?: string): Promise<number> => {
    const { rows } = await stage.session.query<{ rows: number }>(parts.statements.count(table, where, tenant));
    return rows[0]?.rows ?? 0;
  };
  const ofAll = await count();
  return { ofAll, ofActor: tested.as.tenant === undefined ? ofAll : await count(tested.as.tenant) };
}

function changeOf(attempt: Attempt): Pick<ChangeMade, 'changed' | 'error'> {
  return attempt.outcome === 'done' ? { changed: attempt.rowCount } : { error: attempt.error };
}

function refused(expect: CaseExpectation, error: TenantryError): CaseFailure | undefined {
  if (error.code !== 'FORBIDDEN') return { message: failedOtherwise(error) };
  return expect.kind === 'denied' ? undefined : { message: `It should give rows, and was refused: ${error.reason}` };
}

function judgeCount(wanted: number, rows: readonly Row[], columns: readonly string[], areOfFile = true): CaseFailure | undefined {
  if (rows.length === wanted) return undefined;
  const message = `It should give ${counted(wanted, 'row')}, and gives ${rows.length}.`;
  return areOfFile ? { message, actual: rows.map((row) => reportedRow(row, columns)) } : { message };
}

function convertedValue(table: TestedTable, column: string, value: SqlValue, { values }: CaseParts): unknown {
  return column === table.tenantColumn ? value : values.of({ type: columnOf(table, column).type, value });
}
