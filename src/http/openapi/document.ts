import type { JsonSchema } from '../columns/codec.ts';
import { defaultLimit, maximumLimit } from '../routes/list-query.ts';
import type { Table } from '../tables/table.ts';
import type { ServedProcedure } from '../procedures/served-procedure.ts';
import { componentName } from './component-name.ts';
import { procedurePath } from './procedure-path.ts';
import { operationCodes, problemResponses, problemSchema } from './problem-responses.ts';
import { newRowSchema, rowChangeSchema, rowSchema } from './row-schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** Parts that several places refer to. */
interface Components {
  readonly schemas: Record<string, JsonSchema>;
  readonly responses: Record<string, unknown>;
}

const json = (schema: JsonSchema): Json => ({ 'application/json': { schema } });
const schemaRef = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const parameterRef = (name: string): Json => ({ $ref: `#/components/parameters/${name}` });

const parameters = {
  limit: { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: maximumLimit, default: defaultLimit } },
  cursor: { name: 'cursor', in: 'query', description: 'The `next` of the page before.', schema: { type: 'string' } },
};

/** What a trigger may make of a row. */
const nothingToShow = {
  description: 'The change was carried out, and the row cannot be seen by its key any more: a trigger took it away.',
};

const callerSchema: JsonSchema = {
  type: 'object',
  required: ['tenant', 'subject', 'issuer'],
  properties: { tenant: { type: 'string' }, subject: { type: ['string', 'null'] }, issuer: { type: 'string' } },
};

/** The data API over these tables and procedures as an OpenAPI 3.1 document, for `GET /v1/openapi.json`. */
export function openapiDocument(tables: Iterable<Table>, procedures: Iterable<ServedProcedure>): Json {
  const components: Components = { schemas: { Problem: problemSchema, Caller: callerSchema }, responses: {} };
  const me = {
    operationId: 'me',
    summary: 'Who the token says the caller is.',
    responses: {
      200: { description: 'The caller.', content: json(schemaRef('Caller')) },
      ...problemResponses(operationCodes.me, components.responses),
    },
  };
  const ofTables = Array.from(tables, (table) => Object.entries(tablePaths(table, components))).flat();
  const ofProcedures = Array.from(procedures, (procedure) => procedurePath(procedure, components.responses));
  const paths = { '/v1/me': { get: me }, ...Object.fromEntries([...ofTables, ...ofProcedures]) };
  return {
    openapi: '3.1.1',
    info: { title: 'Tenantry data API', version: '1', description: "Rows of the caller's tenant: the token says whose they are." },
    security: [{ bearer: [] }],
    paths,
    components: { ...components, parameters, securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  };
}

function tablePaths(table: Table, { schemas, responses }: Components): Json {
  const id = componentName(table.name);
  const tags = [table.name];
  schemas[id] = rowSchema(table);
  const row = json(schemaRef(id));
  const list = {
    operationId: `list-${id}`,
    tags,
    summary: `Rows of ${table.name}, in the order of the key, page by page.`,
    parameters: [parameterRef('limit'), parameterRef('cursor')],
    responses: {
      200: { description: 'A page.', content: json(pageSchema(id)) },
      ...problemResponses(operationCodes.list, responses),
    },
  };
  const find = {
    operationId: `find-${id}`,
    tags,
    summary: `One row of ${table.name}.`,
    responses: { 200: { description: 'The row.', content: row }, ...problemResponses(operationCodes.find, responses) },
  };
  const path = `/v1/${encodeURIComponent(table.name)}`;
  const isWritable = table.tenantColumn !== undefined;
  if (isWritable) {
    schemas[`${id}-new`] = newRowSchema(table);
    schemas[`${id}-change`] = rowChangeSchema(table);
  }
  return {
    [path]: { get: list, ...(isWritable ? { post: insertOperation(table, id, responses) } : {}) },
    ...(table.key.length === 0
      ? {}
      : {
          [`${path}/{key}`]: {
            parameters: [keyParameter(table)],
            get: find,
            ...(isWritable ? changeOperations(table, id, responses) : {}),
          },
        }),
  };
}

function insertOperation(table: Table, id: string, responses: Record<string, unknown>): Json {
  const location = { Location: { description: 'Path of the row.', schema: { type: 'string' } } };
  return {
    operationId: `insert-${id}`,
    tags: [table.name],
    summary: `A new row of ${table.name}.`,
    requestBody: { required: true, content: json(schemaRef(`${id}-new`)) },
    responses: {
      201: {
        description: 'The row as stored.',
        ...(table.key.length === 0 ? {} : { headers: location }),
        content: json(schemaRef(id)),
      },
      204: nothingToShow,
      ...problemResponses(operationCodes.insert, responses),
    },
  };
}

function changeOperations(table: Table, id: string, responses: Record<string, unknown>): Json {
  const change = schemaRef(`${id}-change`);
  return {
    patch: {
      operationId: `update-${id}`,
      tags: [table.name],
      summary: `Changes columns of a row of ${table.name}.`,
      requestBody: { required: true, content: { ...json(change), 'application/merge-patch+json': { schema: change } } },
      responses: {
        200: { description: 'The row as stored.', content: json(schemaRef(id)) },
        204: nothingToShow,
        ...problemResponses(operationCodes.update, responses),
      },
    },
    delete: {
      operationId: `remove-${id}`,
      tags: [table.name],
      summary: `Deletes a row of ${table.name}.`,
      responses: { 204: { description: 'It is gone.' }, ...problemResponses(operationCodes.remove, responses) },
    },
  };
}

function pageSchema(id: string): JsonSchema {
  return {
    type: 'object',
    required: ['data', 'next'],
    properties: {
      data: { type: 'array', items: schemaRef(id) },
      next: { description: 'Cursor of the next page; null after the last one.', type: ['string', 'null'] },
    },
  };
}

function keyParameter({ key }: Table): Json {
  const names = key.map(({ name }) => name).join(',');
  const [only] = key;
  return {
    name: 'key',
    in: 'path',
    required: true,
    description: key.length === 1 ? names : `${names}: the values with commas between them, a comma within a value as %2C.`,
    schema: key.length === 1 && only !== undefined ? only.codec.schema : { type: 'string' },
  };
}
