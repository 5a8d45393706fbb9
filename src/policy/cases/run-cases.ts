import { contextText, type ContextTypes } from '../../core/context-values.ts';
import { TenantryError } from '../../core/errors.ts';
import type { CaseActor, PolicyCase, PolicyCases } from '../../core/policy-case.ts';
import type { PrincipalName } from '../../core/principal.ts';
import { pathText, problemList } from '../../core/problem-list.ts';
import type { SqlDatabase } from '../../core/session.ts';
import type { SqlDialect } from '../../core/sql.ts';
import type { Rehearsals } from '../../engine/rehearsal.ts';
import { qualifiedTables } from '../../engine/qualified-tables.ts';
import type { KeyType, TenantKey } from '../../../shardmap/key.ts';
import type { ConfiguredTable } from '../model.ts';
import { rehearse, type SentinelName, type Stage, type StageCaller } from '../probes/rehearse.ts';
import type { CaseFailure, CaseFileResult, CaseResult } from './case-result.ts';
import { CaseStatements } from './case-statements.ts';
import { columnProblems } from './column-problems.ts';
import { convertValues, type ConvertedValues } from './converted-values.ts';
import { saidRows, saidValues } from './said-values.ts';
import { stagesOf } from './stages.ts';
import { describeTested, type TestedTables } from './tested-tables.ts';
import { CaseRows } from './case-rows.ts';
import { ownWordsProblems } from './own-words.ts';
import { tryCase, type CaseParts } from './try-case.ts';

/** What an engine needs for cases. */
export interface CasesEngine {
  readonly name: string;
  readonly dialect: SqlDialect;
  readonly rehearsals: Rehearsals;
}

/** Which cases are run, and where. */
export interface CasesRequest {
  readonly files: readonly PolicyCases[];
  /** All that the configuration has. */
  readonly tables: readonly ConfiguredTable[];
  /** Of the shard map. */
  readonly keyType: KeyType;
  /** The user of each principal's login, besides admin's. */
  readonly users: Readonly<Record<Exclude<PrincipalName, 'admin'>, string>>;
  /** Values that calls may bring. */
  readonly context: ContextTypes;
  /** Of the cases; undefined: all. */
  readonly isChosen?: ((tested: PolicyCase) => boolean) | undefined;
  /** The database has no rows but those of the files. */
  readonly isScratch: boolean;
}

/** Cases that name what the database has. */
interface CheckedCases {
  readonly tables: TestedTables;
  readonly values: ConvertedValues;
}

/**
 * Runs cases, file by file, each statement in a transaction of admin that is rolled back. `admin` is the database as admin. Throws
 * INVALID_REQUEST, before anything is run, with everything that files name and the database has not, or that does not fit; and where rows
 * of a file cannot be inserted.
 */
export async function* runCases(
  admin: SqlDatabase,
  engine: CasesEngine,
  request: CasesRequest,
): AsyncGenerator<CaseFileResult, void, undefined> {
  const checked = await checkCases(admin, engine, request);
  for (const file of request.files) yield await runFile(admin, engine, request, { file, ...checked });
}

async function checkCases(admin: SqlDatabase, engine: CasesEngine, { files }: CasesRequest): Promise<CheckedCases> {
  const tables = await describeTested(admin, engine.dialect, files);
  const said = files.map((file) => saidRows(file).flatMap(saidValues));
  const { values, problems } = await convertValues(admin, tables, said.flat());
  const lists = files.flatMap((file, index) => {
    const ofValues = problems.filter((problem) => said[index]?.some(({ path }) => path === problem.path));
    const own = [...columnProblems(file, tables), ...ofValues, ...ownWordsProblems(file, engine)];
    return own.length === 0 ? [] : [problemList(file.file, own)];
  });
  if (lists.length > 0) throw new TenantryError('INVALID_REQUEST', lists.join('\n'));
  return { tables, values };
}

type CheckedFile = CheckedCases & { readonly file: PolicyCases };

async function runFile(admin: SqlDatabase, engine: CasesEngine, request: CasesRequest, checked: CheckedFile): Promise<CaseFileResult> {
  const { file } = checked;
  const chosen = file.cases.filter((tested) => request.isChosen?.(tested) ?? true);
  const run = chosen.filter(({ statement }) => statement.kind !== 'sql' || Object.hasOwn(statement.text, engine.name));
  const failures = new Map<PolicyCase, CaseFailure | undefined>();
  for (const cases of stagesOf(run, engine.rehearsals)) {
    await rehearse(admin, engine, request, async (stage) => {
      const play = await Play.on(stage, engine, request, checked);
      await play.insertFixtures();
      for (const tested of cases) failures.set(tested, await play.try(tested));
    });
  }
  return { file: file.file, cases: chosen.map((tested) => resultOf(tested, engine.name, failures)) };
}

/** The cases of a file on one stage. */
class Play {
  readonly #stage: Stage;
  readonly #request: CasesRequest;
  readonly #file: PolicyCases;
  readonly #parts: CaseParts;

  private constructor(stage: Stage, request: CasesRequest, file: PolicyCases, parts: CaseParts) {
    this.#stage = stage;
    this.#request = request;
    this.#file = file;
    this.#parts = parts;
  }

  static async on(stage: Stage, engine: CasesEngine, request: CasesRequest, { file, tables, values }: CheckedFile): Promise<Play> {
    const keyOf = (tenant: string): TenantKey => stage.tenants[sentinelOf(file, tenant)];
    const statements = new CaseStatements(file, (tenant) => {
      const { type, text, bytes } = keyOf(tenant);
      return type === 'bytes' ? bytes : text;
    });
    const rows = await CaseRows.of(stage, qualifiedTables(request.tables, engine.dialect));
    const { isScratch } = request;
    return new Play(stage, request, file, { engine: engine.name, tables, values, statements, rows, keyOf, isScratch });
  }

  /** As admin; reference tables first, whose rows others may refer to. Throws INVALID_REQUEST, with the place of the row. */
  async insertFixtures(): Promise<void> {
    const { tables, statements, rows, keyOf } = this.#parts;
    const shared = this.#file.fixtures.filter(({ tenant }) => tenant === undefined);
    const ofTenants = this.#file.fixtures.filter(({ tenant }) => tenant !== undefined);
    for (const { table: named, tenant, rows: said, at } of [...shared, ...ofTenants]) {
      const table = tables.get(named.name);
      if (table === undefined) continue;
      for (const [index, row] of said.entries()) {
        const whose = tenant === undefined ? undefined : keyOf(tenant);
        const inserted = rows.insert({ table, given: statements.values(table, row), tenant: whose }).then((statement) => {
          return this.#stage.session.query(statement);
        });
        await inserted.catch(cannotBeThere(this.#file.file, pathText([...at, index])));
      }
    }
  }

  try(tested: PolicyCase): Promise<CaseFailure | undefined> {
    return tryCase({ stage: this.#stage, caller: this.#caller(tested.as), tested, parts: this.#parts });
  }

  #caller({ principal, tenant, context }: CaseActor): StageCaller {
    if (tenant === undefined) return { principal };
    return { principal, tenant: sentinelOf(this.#file, tenant), contextValues: contextText(this.#request.context, context) };
  }
}

function sentinelOf({ tenants }: PolicyCases, tenant: string): SentinelName {
  return tenants.indexOf(tenant) === 0 ? 'a' : 'b';
}

function cannotBeThere(file: string, place: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof TenantryError)) throw error;
    const hint =
      error.code === 'CONFLICT' ? ' The database, or the file, has a row with one of its keys already: give it another one.' : '';
    throw new TenantryError('INVALID_REQUEST', `${file}: ${place} cannot be inserted: ${error.reason} (${error.code})${hint}`, {
      cause: error,
    });
  };
}

/** A caller who has no name in the file: the tenant, with what his call brings, or the principal. */
function inWords({ principal, tenant, context }: PolicyCase['as']): string {
  return [principal === 'app' ? tenant : principal, ...(Object.keys(context).length === 0 ? [] : [JSON.stringify(context)])].join(' ');
}

function resultOf(tested: PolicyCase, engine: string, failures: ReadonlyMap<PolicyCase, CaseFailure | undefined>): CaseResult {
  const { name, as, actorName, at } = tested;
  const shown = {
    name,
    as: actorName ?? inWords(as),
    at: pathText(at),
  };
  if (!failures.has(tested)) return { ...shown, outcome: 'skipped', reason: `it has no statement for ${engine}` };
  const failure = failures.get(tested);
  return failure === undefined ? { ...shown, outcome: 'passed' } : { ...shown, outcome: 'failed', failure };
}
