import type { FindingKind } from './finding-kind.ts';

/** Functions with which no table of the database is kept apart well, and those that could become one. */
export const functionProblems = {
  'immutable-tenant': {
    severity: 'refused',
    say: (through) =>
      `is IMMUTABLE, and its answer goes by the tenant or by what came with a call, through ${through}: the plan of a prepared statement keeps what one tenant was answered, for the next on its connection`,
    reason:
      'PostgreSQL computes such a function once, while it plans, and connections keep their plans: the next tenant gets the answer of the one before. So does a policy, a default or a view that asks it.',
    remedy:
      'The statement that makes it STABLE, which is asked once in each execution; or, where nothing needs it, to take EXECUTE on it from PUBLIC and from app.',
  },
  'immutable-unreached': {
    severity: 'advice',
    say: (through) =>
      `is IMMUTABLE, and its answer goes by the tenant or by what came with a call, through ${through}; app may not call it, and nothing does`,
    reason: 'Once app may call it, or a policy, a view, a default or another function does, the shard is refused (`immutable-tenant`).',
    remedy: 'The statement that makes it STABLE.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
