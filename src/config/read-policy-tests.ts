import { isContextValue, type ContextValue, type ContextValues } from '../core/context-values.ts';
import type {
  CaseActor,
  CaseExpectation,
  CaseFixture,
  CasePath,
  CaseRow,
  CaseStatement,
  CaseTable,
  PolicyCase,
  PolicyCases,
} from '../core/policy-case.ts';
import { pathText, type Problem } from '../core/problem-list.ts';
import { meantOrAllowed } from '../core/suggest.ts';
import type { z } from 'zod';
import {
  actorSchema,
  policyTestsSchema,
  type CaseSetting,
  type ExpectationSetting,
  type PolicyTestsSetting,
} from './policy-tests-schema.ts';
import { hiddenKeys, readPartly, said as inWords, ValidParts } from './problems.ts';
import type { Settings, TableSettings } from './settings.ts';

/** What cases may name of a configuration. */
type TestedSettings = Pick<Settings, 'tables' | 'context'>;

/** Cases that name what the configuration has, or everything that is wrong with them. */
export type ReadPolicyTests = { readonly cases: PolicyCases } | { readonly problems: readonly Problem[] };

/** Checks what a file of cases gave against a configuration. Whether its columns are there only a database can say. */
export function readPolicyTests(given: unknown, settings: TestedSettings, file: string): ReadPolicyTests {
  const { value, issues } = readPartly(policyTestsSchema, given);
  const valid = new ValidParts(issues);
  if (!valid.isThere([])) return { problems: issues };
  const reader = new Reader(value, settings, valid);
  const cases = reader.read(file);
  const problems = [...hiddenKeys(given), ...issues, ...reader.problems];
  return problems.length > 0 ? { problems } : { cases };
}

type ActorSetting = z.output<typeof actorSchema>;

/** Looks at what names something else, wherever its form is valid; what it makes is whole where nothing has a problem. */
class Reader {
  readonly problems: Problem[] = [];
  readonly #tests: PolicyTestsSetting;
  readonly #settings: TestedSettings;
  readonly #valid: ValidParts;
  /** Undefined where nobody can tell which there are. */
  readonly #tenants: readonly string[] | undefined;
  readonly #actors: readonly string[] | undefined;

  constructor(tests: PolicyTestsSetting, settings: TestedSettings, valid: ValidParts) {
    this.#tests = tests;
    this.#settings = settings;
    this.#valid = valid;
    this.#tenants = valid.isThere(['tenants']) ? Object.keys(tests.tenants) : undefined;
    this.#actors = valid.isThere(['actors']) ? Object.keys(tests.actors) : undefined;
  }

  read(file: string): PolicyCases {
    const { tenants, shared, actors: said, cases: all } = this.#tests;
    const fixtures = [
      ...this.#entries(tenants, ['tenants']).flatMap(([tenant, tables, at]) => this.#fixtures(tables, at, tenant)),
      ...this.#fixtures(shared, ['shared']),
    ];
    const actors = new Map(this.#entries(said, ['actors']).map(([name, actor, at]) => [name, this.#actor(actor, at)]));
    const cases = this.#items(all, ['cases']).map(([each, at]) => this.#case(each, actors, at));
    cases.forEach(({ name, at }, index) => {
      const first = cases.slice(0, index).find((other) => other.name === name);
      if (first !== undefined) this.#report([...at, 'name'], `is the name of ${pathText(first.at)}, too; a name stands once in a file`);
    });
    return { file, tenants: this.#tenants ?? [], fixtures, cases };
  }

  /** What is there of an object, with its places. */
  #entries<Value>(given: Readonly<Record<string, Value>>, path: CasePath): [key: string, value: Value, at: CasePath][] {
    if (!this.#valid.isThere(path)) return [];
    return Object.entries(given)
      .map(([key, value]): [string, Value, CasePath] => [key, value, [...path, key]])
      .filter(([, , at]) => this.#valid.isThere(at));
  }

  /** The same of a list. */
  #items<Value>(given: readonly Value[], path: CasePath): [value: Value, at: CasePath][] {
    if (!this.#valid.isThere(path)) return [];
    return given.map((value, index): [Value, CasePath] => [value, [...path, index]]).filter(([, at]) => this.#valid.isThere(at));
  }

  #fixtures(tables: Readonly<Record<string, readonly CaseRow[]>>, path: CasePath, tenant?: string): CaseFixture[] {
    return this.#entries(tables, path).map(([name, rows, at]) => {
      const { isKnown, ...table } = this.#table(name, at);
      const isShared = table.tenantColumn === undefined;
      if (isKnown && isShared && tenant !== undefined)
        this.#report(at, "is a reference table, whose rows are every tenant's; they stand in 'shared'");
      if (!isShared && tenant === undefined)
        this.#report(at, "is a table with tenants; its rows stand in 'tenants', below the name of whose they are");
      for (const [row, place] of this.#items(rows, at))
        if (table.tenantColumn !== undefined && Object.hasOwn(row, table.tenantColumn))
          this.#report([...place, table.tenantColumn], `is left out: the row is ${tenant ?? 'a tenant'}'s`);
      return tenant === undefined ? { table, rows, at } : { table, tenant, rows, at };
    });
  }

  #case(said: CaseSetting, actors: ReadonlyMap<string, CaseActor>, at: CasePath): PolicyCase {
    const by = this.#as(said.as, actors, [...at, 'as']);
    const statement = this.#statement(said, at);
    const table = statement.kind === 'sql' ? undefined : statement.table;
    if ('values' in statement && by.as.tenant === undefined && this.#valid.areValid([...at, 'values']))
      this.#needsTenant(statement, by.as, at);
    return { name: said.name, ...by, statement, expect: this.#expectation(said.expect, table, [...at, 'expect']), at };
  }

  /** Whose a row is goes without saying for app alone. */
  #needsTenant(
    { table: { tenantColumn }, values }: Extract<CaseStatement, { readonly values: unknown }>,
    { principal }: CaseActor,
    at: CasePath,
  ): void {
    if (tenantColumn === undefined || principal === 'app' || this.#tenants === undefined) return;
    for (const [index, row] of values.entries())
      if (!Object.hasOwn(row, tenantColumn))
        this.#report(
          [...at, 'values', ...(values.length > 1 ? [index] : [])],
          `needs ${tenantColumn}, one of ${this.#tenants.join(', ')}: ${principal} is none of them`,
        );
  }

  #as(given: unknown, actors: ReadonlyMap<string, CaseActor>, path: CasePath): Pick<PolicyCase, 'as' | 'actorName'> {
    if (!this.#valid.isThere(path)) return { as: nobody };
    if (typeof given !== 'string') {
      const read = actorSchema.safeParse(given, { error: inWords });
      if (read.success) return { as: this.#actor(read.data, path) };
      for (const issue of read.error.issues) this.#report([...path, ...issue.path], issue.message);
      return { as: nobody };
    }
    if (this.#actors?.includes(given) === false) this.#report(path, `names none of 'actors'${meantOrAllowed(given, this.#actors)}`);
    return { as: actors.get(given) ?? nobody, actorName: given };
  }

  #actor({ principal, tenant, context }: ActorSetting, path: CasePath): CaseActor {
    if (!this.#valid.isThere([...path, 'principal'])) return nobody;
    if (principal !== 'app') {
      if (tenant !== undefined) this.#report([...path, 'tenant'], `is for app; ${principal} sees the rows of every tenant`);
      if (Object.keys(context).length > 0) this.#report([...path, 'context'], `is for app; ${principal} brings none`);
      return { principal, context: {} };
    }
    if (tenant !== undefined) this.#tenant(tenant, [...path, 'tenant']);
    else if (this.#tenants !== undefined) this.#report([...path, 'tenant'], `is missing; there are ${this.#tenants.join(', ')}`);
    const declared = new Map(this.#settings.context.map(({ name, type }) => [name, type]));
    for (const [name, value, at] of this.#entries(context, [...path, 'context'])) {
      const type = declared.get(name);
      if (type === undefined)
        this.#report(at, `names no value of the configuration's 'context'${meantOrAllowed(name, [...declared.keys()])}`);
      else if (!isContextValue(type, value as ContextValue)) this.#report(at, `is no value of type ${type}`);
    }
    return { principal, ...(tenant === undefined ? {} : { tenant }), context: context as ContextValues };
  }

  #statement(said: CaseSetting, at: CasePath): CaseStatement {
    if ('sql' in said) return { kind: 'sql', text: said.sql };
    if ('select' in said) {
      const table = this.#rowsOf(said.select, [...at, 'select']);
      return { kind: 'select', table, where: this.#condition(said.where, table, at) };
    }
    if ('delete' in said) {
      const table = this.#rowsOf(said.delete, [...at, 'delete']);
      return { kind: 'delete', table, where: this.#condition(said.where, table, at) };
    }
    if ('update' in said) {
      const table = this.#rowsOf(said.update, [...at, 'update']);
      this.#tenantValue(said.set, table, [...at, 'set']);
      return { kind: 'update', table, set: said.set, where: this.#condition(said.where, table, at) };
    }
    const [kind, name] = 'insert' in said ? (['insert', said.insert] as const) : (['upsert', said.upsert] as const);
    const table = this.#table(name, [...at, kind]);
    const rows = this.#items(said.values, [...at, 'values']);
    for (const [row, place] of rows) this.#tenantValue(row, table, said.values.length > 1 ? place : [...at, 'values']);
    return { kind, table, values: rows.map(([row]) => row) };
  }

  /** A table of whose rows the file has some where every tenant has them: a statement is about rows of its file. */
  #rowsOf(name: string, path: CasePath): CaseTable {
    const { isKnown, ...table } = this.#table(name, path);
    const isShared = isKnown && table.tenantColumn === undefined;
    if (isShared && this.#valid.isThere(['shared', name]) && !this.#tests.shared[name]?.length)
      this.#report(path, "names a reference table of which 'shared' has no row; a case is about the rows of its file");
    return table;
  }

  #condition(where: CaseRow, table: CaseTable, at: CasePath): CaseRow {
    this.#tenantValue(where, table, [...at, 'where']);
    return where;
  }

  #expectation(said: ExpectationSetting, table: CaseTable | undefined, at: CasePath): CaseExpectation {
    if (!this.#valid.isThere(at)) return { kind: 'denied' };
    if (said === 'allowed' || said === 'denied') return { kind: said };
    if ('count' in said) return { kind: 'count', count: said.count };
    if ('changed' in said) return { kind: 'changed', count: said.changed };
    const rows = this.#items(said.rows, [...at, 'rows']);
    const [[first] = [{}]] = rows;
    const columns = Object.keys(first).toSorted();
    rows.forEach(([row, path]) => {
      if (Object.keys(row).length === 0) this.#report(path, 'names no column');
      else if (Object.keys(row).toSorted().join('\n') !== columns.join('\n'))
        this.#report(path, `names other columns than the first row, which has ${columns.join(', ')}; all name the same`);
      if (table !== undefined) this.#tenantValue(row, table, path);
    });
    return { kind: 'rows', rows: said.rows, ordered: said.ordered === true };
  }

  #tenantValue(row: CaseRow, { tenantColumn }: CaseTable, path: CasePath): void {
    if (tenantColumn === undefined || !this.#valid.isThere(path)) return;
    if (Object.hasOwn(row, tenantColumn)) this.#tenant(row[tenantColumn], [...path, tenantColumn]);
  }

  #tenant(name: unknown, path: CasePath): void {
    if (this.#tenants !== undefined && (typeof name !== 'string' || !this.#tenants.includes(name)))
      this.#report(path, `names no tenant of the file${meantOrAllowed(String(name), this.#tenants)}`);
  }

  #table(name: string, path: CasePath): CaseTable & { readonly isKnown: boolean } {
    const found = this.#settings.tables.find((table) => table.name === name);
    if (found !== undefined) return { ...tableOf(found), isKnown: true };
    const names = this.#settings.tables.map((table) => table.name);
    if (this.#valid.isThere(path)) this.#report(path, `names no table of the configuration's 'tables'${meantOrAllowed(name, names)}`);
    return { name, table: name, isKnown: false };
  }

  /** Where something is wrong with the form, that is told alone. */
  #report(path: CasePath, message: string): void {
    if (this.#valid.isThere(path)) this.problems.push({ path, message });
  }
}

/** Stands where somebody was named who is not there; nothing is run then. */
const nobody: CaseActor = { principal: 'app', context: {} };

function tableOf({ name, schema, table, tenantColumn }: TableSettings): CaseTable {
  return { name, ...(schema === undefined ? {} : { schema }), table, ...(tenantColumn === undefined ? {} : { tenantColumn }) };
}
