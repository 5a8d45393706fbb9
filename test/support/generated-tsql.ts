import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileTsql, type TsqlReport } from '../../scripts/tsql-check/compiler.ts';
import { libraryModels } from '../../scripts/tsql-check/models.ts';
import type { TypedParameter } from '../../src/engine/mssql/parameter-types.ts';

/** T-SQL that the program makes while it runs. */
export interface GeneratedTsql {
  readonly name: string;
  readonly text: string;
  /** Parameters make it a query, whose names must resolve; without, its syntax alone is judged. */
  readonly parameters?: readonly TypedParameter[];
  /** It defines something, in which every name must resolve, that of what was defined before it too. */
  readonly defines?: boolean;
}

/** Writes each text into a file of its own and has Microsoft's compiler judge them, over the tables of a shard or of a catalog. */
export async function compileGenerated(
  texts: readonly GeneratedTsql[],
  over: 'shard of int' | 'catalog' = 'shard of int',
): Promise<TsqlReport> {
  const library = fileURLToPath(new URL('../../sql/mssql', import.meta.url));
  const model = libraryModels(library).find(({ name }) => name === over);
  if (model === undefined) throw new Error(`There is no model of a ${over}.`);
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-generated-'));
  try {
    await mkdir(join(folder, 'queries'));
    const queries: string[] = [];
    const scripts: string[] = [];
    const schema = [...model.schema];
    for (const { name, text, parameters, defines = false } of texts) {
      const file = join(folder, `${name}.sql`);
      if (defines) schema.push(file);
      else (parameters === undefined ? scripts : queries).push(file);
      await writeFile(file, `${(parameters ?? []).map(header).join('')}${text}\n`);
    }
    return await compileTsql([{ name: 'generated', schema, queries, scripts }]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function header({ name, type }: TypedParameter): string {
  return `-- @${name} ${type.text}\n`;
}
