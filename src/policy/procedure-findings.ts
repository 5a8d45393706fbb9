import type { ProcedureParameter, ProcedureValue } from '../core/procedure.ts';
import type { SqlSession } from '../core/session.ts';
import type { SqlDialect } from '../core/sql.ts';
import type { ProcedureCode } from '../engine/procedure-code.ts';
import type { LocatedProcedure } from '../engine/qualified-procedures.ts';
import { finding } from './findings.ts';
import type { PolicyFinding } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';

/** A value that a procedure takes or gives, as its database describes it. */
interface FoundValue {
  readonly name: string;
  readonly type: string;
  /** What stands behind `type`; null: none of the server's own. */
  readonly baseType: string | null;
}

interface FoundParameter extends FoundValue {
  /** Null where the server does not tell. */
  readonly hasDefault: boolean | null;
}

/** What a procedure calls, by itself or through another, and what runs as `runsAs`. */
interface FoundDefiner {
  readonly schema: string;
  readonly routine: string;
  readonly runsAs: string;
}

/** A row of `policy/procedures`. */
interface FoundProcedure extends Record<string, unknown> {
  readonly schema: string;
  readonly routine: string;
  readonly form: string | null;
  readonly parameters: readonly FoundParameter[];
  readonly columns: readonly FoundValue[] | null;
  /** Type of what a call gives, `nothing` of a procedure that gives none; null where the server does not tell. */
  readonly answer: string | null;
  readonly runsAs: string | null;
  /** Null where the server does not tell. */
  readonly readsOnly: boolean | null;
  readonly grantable: boolean;
  readonly code: readonly ProcedureCode[] | null;
  readonly definers: readonly FoundDefiner[];
}

type KindDialect = Pick<SqlDialect, 'columnKind'>;

/** How an engine reads procedures. */
interface JudgingEngine {
  readonly renderer: Pick<PolicyEngine['renderer'], 'procedureRisks'>;
  readonly dialect: KindDialect;
}

type Report = (code: Parameters<typeof finding>[0], detail?: string) => void;

/** What is wrong with the configured procedures of a shard: each is there as it is described, and does nothing that no call may do. */
export async function procedureFindings(
  session: SqlSession,
  engine: JudgingEngine,
  procedures: readonly LocatedProcedure[],
): Promise<PolicyFinding[]> {
  if (procedures.length === 0) return [];
  const places = procedures.map(({ schema, routine }) => ({ schema, routine }));
  const { rows } = await session.run<FoundProcedure>('policy/procedures', { procedures: JSON.stringify(places) });
  return procedures.flatMap((procedure) => {
    const { schema, routine } = procedure;
    const found: PolicyFinding[] = [];
    const report: Report = (code, detail) => found.push(finding(code, { schema, table: routine, detail: detail ?? null, remedy: null }));
    const same = rows.filter((row) => row.schema === schema && row.routine === routine);
    const [only] = same;
    if (only === undefined || only.form === null) report('missing-procedure');
    else if (same.length > 1) report('several-of-a-name', String(same.length));
    else judge(procedure, only, only.form, engine, report);
    return found;
  });
}

function judge(
  procedure: LocatedProcedure,
  found: FoundProcedure,
  form: string,
  { renderer, dialect }: JudgingEngine,
  report: Report,
): void {
  if (form !== 'procedure' && form !== 'function') {
    report('not-a-procedure', `${/^[aeiou]/.test(form) ? 'an' : 'a'} ${form}`);
    return;
  }
  for (const detail of parameterProblems(procedure.parameters, found.parameters, dialect)) report('procedure-parameters', detail);
  for (const detail of answerProblems(procedure, found, dialect)) report('procedure-answer', detail);
  if (found.runsAs !== null) report('runs-as-another', found.runsAs);
  for (const called of found.definers) report('runs-as-another', `${called.runsAs}${via(called)}`);
  if (!found.grantable) report('rights-not-given');
  const code = found.code ?? [];
  for (const each of code) {
    const place = each === code[0] ? '' : via(each);
    for (const risk of renderer.procedureRisks(each, code))
      if (procedure.readOnly || risk.code !== 'writes-in-reads') report(risk.code, `${risk.detail}${place}`);
  }
  if (procedure.readOnly && found.readsOnly === false && form === 'function') report('volatile-reads');
}

function via({ schema, routine }: Pick<FoundDefiner, 'schema' | 'routine'>): string {
  return ` (in ${schema}.${routine}, which it calls)`;
}

function parameterProblems(wanted: readonly ProcedureParameter[], found: readonly FoundParameter[], dialect: KindDialect): string[] {
  const present = new Map(found.map((parameter) => [parameter.name, parameter]));
  const named = new Set(wanted.map(({ name }) => name));
  return [
    ...wanted.flatMap((parameter) => {
      const there = present.get(parameter.name);
      if (there === undefined) return [`it has no parameter ${parameter.name}${listed(found)}`];
      const problems = carries(parameter, there, dialect)
        ? []
        : [`its parameter ${parameter.name} is of type ${there.type}, not ${parameter.kind}`];
      if (!parameter.required && there.hasDefault === false)
        problems.push(`its parameter ${parameter.name} has no default, and may be left out`);
      return problems;
    }),
    ...found
      .filter(({ name, hasDefault }) => !named.has(name) && hasDefault !== true)
      .map(({ name }) => `its parameter ${name === '' ? 'without a name' : name} is given by nobody`),
  ];
}

function listed(found: readonly FoundValue[]): string {
  return found.length === 0 ? '' : `; it has ${found.map(({ name }) => name).join(', ')}`;
}

/** Where a server has no type of JSON, a text holds it. */
function carries({ kind }: ProcedureValue, { baseType }: FoundValue, dialect: KindDialect): boolean {
  const found = dialect.columnKind(baseType);
  return found === kind || (kind === 'json' && found === 'text');
}

const documents: ReadonlySet<string> = new Set(['json', 'jsonb']);
/** What only the server calls. */
const ofTheServer: ReadonlySet<string> = new Set(['trigger', 'event_trigger']);

/** Of a server that does not tell what a procedure answers with, nothing is asked. */
function answerProblems({ returns }: LocatedProcedure, { columns, answer }: FoundProcedure, dialect: KindDialect): string[] {
  if (answer === null) return [];
  if (ofTheServer.has(answer)) return ['it is for a trigger'];
  switch (returns.kind) {
    case 'nothing':
      return [];
    case 'json':
      return documents.has(answer) ? [] : [`it gives ${answer}, and not one json or jsonb`];
    case 'rows':
      return columns === null
        ? [`it gives ${answer}, and no columns`]
        : returns.columns.flatMap((column) => columnProblems(column, columns, dialect));
  }
}

function columnProblems(column: ProcedureValue, found: readonly FoundValue[], dialect: KindDialect): string[] {
  const there = found.find(({ name }) => name === column.name);
  if (there === undefined) return [`it has no column ${column.name}${listed(found)}`];
  return carries(column, there, dialect) ? [] : [`its column ${column.name} is of type ${there.type}, not ${column.kind}`];
}
