import { TenantryError } from '../../core/errors.ts';
import type { Row } from '../../core/session.ts';
import type { Router } from '../../router/router.ts';
import { asText } from '../columns/codec.ts';
import type { Exchange } from '../endpoint.ts';
import type { PlainAnswer } from '../problem.ts';
import { parseArguments } from '../procedures/arguments.ts';
import { callStatement, type CallStatement } from '../procedures/procedure-statements.ts';
import type { ServedProcedure } from '../procedures/served-procedure.ts';
import { hasBody, readJsonBody } from '../read-body.ts';
import { MethodNotAllowed } from '../request-problem.ts';
import { rowRenderer } from '../tables/row-json.ts';
import { jsonAnswer, jsonText } from './json-answer.ts';
import { ruleOfDatabase } from './rule-of-database.ts';

/** What the routes of procedures need. */
export interface ProcedureRoutesOptions {
  readonly router: Pick<Router, 'query'>;
  readonly procedures: ReadonlyMap<string, ServedProcedure>;
  readonly bodyBytes: number;
}

/** The routes of procedures. */
export interface ProcedureRoutes {
  readonly call: (exchange: Exchange) => Promise<PlainAnswer>;
  /** For every other method. */
  readonly refuse: (exchange: Exchange) => never;
}

interface Callable {
  readonly procedure: ServedProcedure;
  readonly statement: CallStatement;
  readonly answer: (rows: Row[]) => PlainAnswer;
}

/** Calling the configured procedures, as the caller's tenant. */
export function procedureRoutes({ router, procedures, bodyBytes }: ProcedureRoutesOptions): ProcedureRoutes {
  const served = new Map<string, Callable>();
  for (const procedure of procedures.values())
    served.set(procedure.name, { procedure, statement: callStatement(procedure), answer: answerOf(procedure) });

  const callableOf = ({ context }: Exchange): Callable => {
    const callable = served.get(context.req.param('key') ?? '');
    if (callable === undefined) throw new TenantryError('NOT_FOUND');
    return callable;
  };

  return {
    call: async (exchange) => {
      const { procedure, statement, answer } = callableOf(exchange);
      const { context, caller } = exchange;
      const { incoming } = context.env;
      const body = hasBody(incoming) ? await readJsonBody(incoming, bodyBytes, ['application/json']) : {};
      const call = statement(parseArguments(procedure, body));
      try {
        const { readOnly } = procedure;
        const { rows } = await router.query(caller.tenantId, call, {
          readOnly,
          context: caller.context,
          signal: context.req.raw.signal,
        });
        return answer(rows);
      } catch (error) {
        throw ruleOfDatabase(error);
      }
    },
    refuse: (exchange) => {
      callableOf(exchange);
      throw new MethodNotAllowed(['POST']);
    },
  };
}

const done: PlainAnswer = { status: 204, headers: {}, text: '' };

function answerOf({ returns, columns }: ServedProcedure): (rows: Row[]) => PlainAnswer {
  switch (returns.kind) {
    case 'rows': {
      const render = rowRenderer(columns);
      return (rows) => jsonAnswer({ data: rows.map(render) });
    }
    case 'json':
      return (rows) => jsonText(documentOf(rows));
    case 'nothing':
      return () => done;
  }
}

/** The document as the database wrote it, in one row or in parts; null where there is none. Throws INTERNAL for what is no JSON. */
function documentOf(rows: readonly Row[]): string {
  const parts = rows.flatMap((row) => Object.values(row)[0] ?? []);
  if (parts.length === 0) return 'null';
  const text = parts.map(asText).join('');
  try {
    JSON.parse(text);
  } catch {
    throw new TenantryError('INTERNAL', 'The procedure answered with what is no JSON.'); // the cause would repeat some of it
  }
  return text;
}
