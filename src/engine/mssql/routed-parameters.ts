import type { SqlValue } from '../../core/sql.ts';
import type { Entry } from '../entry.ts';
import { refuseParallelHint } from './parallel-hint.ts';
import { typedValue, typeOf, type TypedParameter } from './parameter-types.ts';

const mapping = typeOf('Int');
const key = typeOf('VarBinary', 128);
const epoch = typeOf('BigInt');
const token = typeOf('VarBinary', 16);
const contextText = typeOf('NVarChar', 4_000);
const statement = typeOf('NVarChar', Infinity);
const done = typeOf('Bit');

/**
 * Stands before every caller's text, on its first line. A nested sp_executesql is parsed by the setting of the session, and not by that of
 * the batch around it (*SET QUOTED_IDENTIFIER*), and a reset takes the session's back to the database's, which is OFF unless somebody said
 * otherwise: names in double quotes would be texts, and tables with filtered indexes, indexes on computed columns or XML refused (1934).
 */
export const statementHead = 'SET QUOTED_IDENTIFIER ON; ';

/** The router keeps an entry for as long as it is shown. */
const entries = new WeakMap<Entry, readonly TypedParameter[]>();

/** What `tenantry.enter` is given, under the names of routed-batch.ts: the entry, and what the call brings besides. */
export function entryParameters(entry: Entry, contextValues: string | undefined): readonly TypedParameter[] {
  const parameters = bareParameters(entry);
  return contextValues === undefined ? parameters : [...parameters, { name: 'tenantry_values', type: contextText, value: contextValues }];
}

/** The same for the same entry. */
function bareParameters(entry: Entry): readonly TypedParameter[] {
  let parameters = entries.get(entry);
  if (parameters === undefined) {
    parameters = [
      { name: 'tenantry_mapping', type: mapping, value: entry.mappingId },
      { name: 'tenantry_key', type: key, value: bufferOf(entry.key) },
      { name: 'tenantry_epoch', type: epoch, value: BigInt(entry.epoch) },
      { name: 'tenantry_token', type: token, value: bufferOf(entry.token) },
    ];
    entries.set(entry, parameters);
  }
  return parameters;
}

/**
 * The statement of a caller's, and what the server sets once its message has run to the end. Throws FORBIDDEN for one that may not be sent.
 */
export function statementParameters(text: string): TypedParameter[] {
  refuseParallelHint(text);
  return [
    { name: 'tenantry_statement', type: statement, value: `${statementHead}${text}` },
    { name: doneParameter, type: done, value: null, output: true },
  ];
}

/** Names what only the end of a message sets. */
export const doneParameter = 'tenantry_done';

/** A statement's values as `@p1` and so on. Throws INVALID_REQUEST for a value that SQL Server has no type for. */
export function callersParameters(values: readonly SqlValue[]): TypedParameter[] {
  return values.map((given, index) => {
    const { type, value } = typedValue(given);
    return { name: nameOf(index), type, value };
  });
}

/** Names given so far: V8 finds a property faster by a text that it has met. */
const names: string[] = [];

function nameOf(index: number): string {
  return (names[index] ??= `p${index + 1}`);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
