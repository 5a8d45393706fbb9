import { statementHead } from '../../../src/engine/mssql/routed-parameters.ts';

/** What a caller wrote of the value of `@tenantry_statement`. Throws where the text would be parsed by the session's setting. */
export function callersText(value: string): string {
  if (!value.startsWith(statementHead)) throw new Error(`A statement does not begin with ${statementHead}: ${value}`);
  return value.slice(statementHead.length);
}
