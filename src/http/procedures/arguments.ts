import type { SqlValue } from '../../core/sql.ts';
import { escapePointer } from '../json/strict-json.ts';
import { InvalidRequest, type RequestProblem } from '../request-problem.ts';
import type { ServedParameter, ServedProcedure } from './served-procedure.ts';

/** Parameters and values of a body, in the order of the procedure, so that one set of parameters is one statement. */
export type Arguments = ReadonlyMap<ServedParameter, SqlValue>;

/** What a call says. Throws INVALID_REQUEST with every problem: unknown, wrong and missing parameters. */
export function parseArguments({ name: procedure, parameters }: ServedProcedure, body: unknown): Arguments {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InvalidRequest([{ in: 'body', pointer: '', detail: 'must be a JSON object of parameters and values' }]);
  const members = new Map<string, unknown>(Object.entries(body));
  const problems: RequestProblem[] = [];
  const refuse = (name: string, detail: string): void => void problems.push({ in: 'body', pointer: `/${escapePointer(name)}`, detail });
  const unknown = [...members.keys()].filter((name) => !parameters.has(name));
  for (const [index, name] of unknown.entries())
    refuse(name, `is no parameter of ${procedure}${index === 0 ? `; ${listed([...parameters.keys()])}` : ''}`);
  const values = new Map<ServedParameter, SqlValue>();
  for (const parameter of parameters.values()) {
    const { name, required, nullable, codec } = parameter;
    const value = members.get(name);
    const given = value === null || value === undefined ? undefined : codec.fromJson(value);
    const allowed = `${codec.allowed}${nullable ? ', or null' : ''}`;
    if (!members.has(name)) {
      if (required) refuse(name, `is missing; it must be ${allowed}`);
    } else if (value === null && nullable) values.set(parameter, null);
    else if (value === null) refuse(name, 'must not be null');
    else if (given === undefined) refuse(name, `must be ${allowed}`);
    else values.set(parameter, given);
  }
  if (problems.length > 0) throw new InvalidRequest(problems);
  return values;
}

/** Names that a problem lists, once in an answer: it may not outgrow the request by much. */
const mostListed = 30;

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'it has none';
  const more = names.length - mostListed;
  return `there are ${more > 0 ? `${names.slice(0, mostListed).join(', ')} and ${more} more` : names.join(', ')}`;
}
