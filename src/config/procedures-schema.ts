import { z } from 'zod';
import { columnKinds, type ColumnKind } from '../core/column-kind.ts';
import type { Procedure, ProcedureParameter } from '../core/procedure.ts';
import { columnName, placeOf, procedureName } from './names.ts';
import { object, parsed } from './problems.ts';
import type { TenantryConfig } from './tenantry-config.ts';

const mostDigits = 38;

const parameterName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'must be a name of 1 to 63 letters, digits and _, no digit first');
const columnKind = z.enum(columnKinds).exclude(['json']);

const bounds = {
  maximumLength: z.int().min(1).max(1_000_000).optional(),
  precision: z.int().min(1).max(mostDigits).optional(),
  scale: z.int().min(0).max(mostDigits).optional(),
};

type Value = z.output<z.ZodObject<typeof bounds>> & { readonly type: ColumnKind };

/** What belongs to one type alone stands beside that type, and beside a decimal all of it. */
function checkValue({ type, maximumLength, precision, scale }: Value, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  if (maximumLength !== undefined && type !== 'text') refuse('maximumLength', 'is for the type text');
  if (type !== 'decimal') {
    if (precision !== undefined) refuse('precision', 'is for the type decimal');
    if (scale !== undefined) refuse('scale', 'is for the type decimal');
    return;
  }
  if (precision === undefined) refuse('precision', 'is missing: a decimal says how many digits it has');
  if (scale === undefined) refuse('scale', 'is missing: a decimal says how many of its digits stand after the point');
  else if (precision !== undefined && scale > precision) refuse('scale', `must be at most the precision, ${precision}`);
}

const parameterValue = object({
  type: z.enum(columnKinds),
  ...bounds,
  required: z.boolean().default(true),
  nullable: z.boolean().default(false),
}).superRefine(checkValue);
const columnValue = object({ type: columnKind, ...bounds }).superRefine(checkValue);

/** `'int32'` is short for `{ type: 'int32' }`. */
const orItsType = <Typed>(schema: z.ZodType<Typed>) =>
  z.unknown().transform((given, context): Typed => {
    if (typeof given === 'object' && given !== null) return parsed(schema, given, context);
    if (typeof given === 'string') return parsed(schema, { type: given }, context);
    context.addIssue({ code: 'custom', message: `must be a type, one of ${columnKinds.join(', ')}, or an object with a type` });
    return z.NEVER;
  });

const parameters = z.record(parameterName, orItsType(parameterValue)).superRefine(refuseTwins);
const rows = object({
  rows: z
    .record(columnName, orItsType(columnValue))
    .refine((columns) => Object.keys(columns).length > 0, "needs at least one column: { Id: 'int32' }")
    .superRefine(refuseTwins),
});

const returns = z.unknown().transform((given, context): 'json' | 'nothing' | z.output<typeof rows> => {
  if (given === 'json' || given === 'nothing') return given;
  if (typeof given === 'object' && given !== null) return parsed(rows, given, context);
  context.addIssue({ code: 'custom', message: "must be 'json', 'nothing', or { rows: { … } } with the type of each column" });
  return z.NEVER;
});

const procedure = object({ parameters: parameters.prefault({}), returns, readOnly: z.boolean().default(false) });

/** Procedures in the order in which they stand. */
export const proceduresSchema = z
  .record(procedureName, procedure)
  .prefault({})
  .transform((named) => Object.entries(named).map(([name, given]) => procedureOf(name, given))) as z.ZodType<
  Procedure[],
  TenantryConfig['procedures']
>;

function procedureOf(name: string, { parameters: given, returns: answer, readOnly }: z.output<typeof procedure>): Procedure {
  const { schema, name: routine } = placeOf(name);
  return {
    name,
    ...(schema === undefined ? {} : { schema }),
    routine,
    parameters: Object.entries(given).map(([parameter, value]) => parameterOf(parameter, value)),
    returns:
      typeof answer === 'string'
        ? { kind: answer }
        : { kind: 'rows', columns: Object.entries(answer.rows).map(([column, value]) => valueOf(column, value)) },
    readOnly,
  };
}

function parameterOf(name: string, value: z.output<typeof parameterValue>): ProcedureParameter {
  return { ...valueOf(name, value), required: value.required, nullable: value.nullable };
}

function valueOf<Kind extends ColumnKind>(name: string, { type, maximumLength, precision, scale }: Value & { readonly type: Kind }) {
  return { name, kind: type, maximumLength: maximumLength ?? null, precision: precision ?? null, scale: scale ?? null };
}

/** Two names that differ by the case of their letters are one to a SQL Server of the usual collation. */
function refuseTwins(named: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const seen = new Map<string, string>();
  for (const name of Object.keys(named)) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined)
      context.addIssue({ code: 'custom', path: [name], message: `has the name of ${other} but for the case of its letters` });
    seen.set(name.toLowerCase(), name);
  }
}
