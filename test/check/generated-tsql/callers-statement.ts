import type { CompiledSql } from '../../../src/core/compile-sql.ts';
import { callersParameters, statementHead } from '../../../src/engine/mssql/routed-parameters.ts';
import type { GeneratedTsql } from '../../support/generated-tsql.ts';

/** A caller's statement, as the scope of its own that it runs in: the message around it has it as a value. */
export function callersStatement(name: string, { text, values }: CompiledSql): GeneratedTsql {
  return { name, text: `${statementHead}${text}`, parameters: callersParameters(values) };
}
