import type { JsonSchema } from '../columns/codec.ts';
import type { ServedProcedure } from '../procedures/served-procedure.ts';
import { componentName } from './component-name.ts';
import { operationCodes, problemResponses } from './problem-responses.ts';
import { columnSchema } from './row-schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** The path of a procedure, and what it says there. */
export function procedurePath(procedure: ServedProcedure, responses: Record<string, unknown>): readonly [string, Json] {
  const { name, parameters, readOnly } = procedure;
  const body = argumentsSchema(procedure);
  const post = {
    operationId: `call-${componentName(name)}`,
    tags: ['procedures'],
    summary: readOnly ? `Calls ${name}, which changes nothing.` : `Calls ${name}.`,
    requestBody: {
      required: [...parameters.values()].some(({ required }) => required),
      content: { 'application/json': { schema: body } },
    },
    responses: { ...answers(procedure), ...problemResponses(operationCodes.call, responses) },
  };
  return [`/v1/procedures/${encodeURIComponent(name)}`, { post }];
}

function argumentsSchema({ parameters }: ServedProcedure): JsonSchema {
  const all = [...parameters.values()];
  const required = all.flatMap(({ name, required: isRequired }) => (isRequired ? [name] : []));
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(
      all.map((parameter) => [parameter.name, columnSchema({ ...parameter, generated: false }, parameter.codec.schema)]),
    ),
    additionalProperties: false,
  };
}

function answers({ returns, columns }: ServedProcedure): Json {
  switch (returns.kind) {
    case 'rows':
      return { 200: { description: 'Its rows.', content: { 'application/json': { schema: rowsSchema(columns) } } } };
    case 'json':
      return { 200: { description: 'The document that it made.', content: { 'application/json': { schema: {} } } } };
    case 'nothing':
      return { 204: { description: 'It was carried out.' } };
  }
}

function rowsSchema(columns: ServedProcedure['columns']): JsonSchema {
  const row = {
    type: 'object',
    required: columns.map(({ name }) => name),
    properties: Object.fromEntries(
      columns.map(({ name, codec }) => [
        name,
        columnSchema({ nullable: true, generated: false, codec }, codec.answerSchema ?? codec.schema),
      ]),
    ),
    additionalProperties: false,
  };
  return { type: 'object', required: ['data'], properties: { data: { type: 'array', items: row } } };
}
