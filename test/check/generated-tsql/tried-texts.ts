import { readFileSync } from 'node:fs';
import { compileSql } from '../../../src/core/compile-sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { callersParameters } from '../../../src/engine/mssql/routed-parameters.ts';
import { forbiddenStatements, harmlessResidues, sessionResidues } from '../../support/session-residues.ts';
import { textOf, transactionAttacks } from '../../support/transaction-attacks.ts';
import { catalogue } from '../../integration/mssql/attacks/catalogue.ts';
import { defences } from '../../integration/mssql/defences.ts';
import type { Attack } from '../../integration/mssql/support/attempts.ts';
import { entryUnder, locksOf, neverEscalated, sessionNumber, waits } from '../../integration/mssql/support/fence-statements.ts';
import { beforehand, changes, harmless, newTables, unseenChanges } from '../../integration/mssql/support/changes-of-protection.ts';
import { changeTracking } from '../../integration/mssql/support/change-tracking.ts';
import { brings } from '../../integration/mssql/support/context-values.ts';
import { exposures } from '../../integration/mssql/support/exposures.ts';
import { laboratory } from '../../integration/mssql/support/laboratory.ts';
import { servedBlogs } from '../../integration/mssql/support/data-api.ts';
import { apiTables, auditing } from '../../integration/mssql/support/tables-of-the-data-api.ts';
import { explained, manyRows } from '../../integration/mssql/support/plans.ts';
import { statementsOf } from '../../integration/mssql/support/recorded-world.ts';
import { sharedDatabase } from '../../integration/mssql/support/shared-database.ts';
import { databaseOptions, parallelPlans, serialPlans, unwatched } from '../../support/mssql-shard.ts';
import type { GeneratedTsql } from '../../support/generated-tsql.ts';

/** What attacks make themselves, or name because it is not there; what a file and another database have. */
export const besideTheShard =
  /^\[dbo\]\.\[(?:EveryName|EveryBlog|AllNames|Prices|Taken|tenant-2)\]|^\[shop_reports\]|^\[cdc\]\.|^\[BulkColumn\]|^\[master\]\./;

/** What the attacks of test/integration/mssql say, and what switches their defences off. */
export async function attackTexts(): Promise<GeneratedTsql[]> {
  const texts = new Map<string, GeneratedTsql>();
  for (const deed of [catalogue, defences].flatMap((groups) => Object.values(groups).flatMap((deeds) => Object.values<Attack>(deeds)))) {
    for (const { text, values } of await statementsOf(deed)) {
      if (texts.has(text)) continue;
      const parameters = callersParameters(values);
      // What is no query cannot stand in a procedure, as which names are resolved.
      const isQuery = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|DECLARE|EXEC) /.test(text) || parameters.length > 0;
      texts.set(text, { name: `tried in attack ${texts.size}`, text, ...(isQuery ? { parameters } : {}) });
    }
  }
  return [...texts.values()];
}

/** What the suites for a real server try: a slip in it would only be seen there. */
export function triedTexts(): GeneratedTsql[] {
  const texts = [
    ...transactionAttacks.map(({ lines }) => textOf(lines)).filter((text) => !text.includes('@tenantry_')),
    ...[...sessionResidues, ...harmlessResidues].flatMap(({ leave, find }) => [leave, find]),
    ...forbiddenStatements.filter((text) => !text.startsWith('GOTO')),
    ...['SNAPSHOT', 'READ UNCOMMITTED', 'READ COMMITTED'].map(entryUnder),
    locksOf(1),
    neverEscalated,
    sharedDatabase,
    sessionNumber,
    waits,
    ...[databaseOptions('tenantry_test', 'ON'), serialPlans, parallelPlans, unwatched].map((made) => compileSql(made, mssqlDialect).text),
    manyRows,
    laboratory,
    apiTables,
    auditing,
    beforehand,
    ...[...changes, ...unseenChanges].flatMap(({ change, back }) => [change, back]),
    ...harmless,
    ...newTables.map((made) => made.text),
    ...exposures.flatMap(({ expose, cover }) => expose.concat(cover)),
    ...Object.values(brings),
    ...Object.values(changeTracking).map((made) => (typeof made === 'string' ? made : made('[dbo].[Blogs]', 'ENABLE'))),
    compileSql(explained(servedBlogs().statements.find([1])), mssqlDialect).text,
    readFileSync(new URL('../../integration/mssql/support/world.sql', import.meta.url), 'utf8'),
  ];
  return texts.map((text, index) => ({ name: `tried ${index}`, text }));
}
