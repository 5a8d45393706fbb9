import type { PolicyCases } from '../../core/policy-case.ts';
import type { Problem } from '../../core/problem-list.ts';
import type { Rehearsals } from '../../engine/rehearsal.ts';

/** How an engine judges words that somebody else has written. */
interface JudgingEngine {
  readonly name: string;
  readonly rehearsals: Pick<Rehearsals, 'objection'>;
}

/** The statements of a file in an engine's own words that cannot be undone for certain; those for other engines are not read. */
export function ownWordsProblems({ cases }: Pick<PolicyCases, 'cases'>, { name, rehearsals }: JudgingEngine): Problem[] {
  return cases.flatMap(({ statement, at }) => {
    const text = statement.kind === 'sql' ? statement.text[name] : undefined;
    const found = text === undefined ? undefined : rehearsals.objection(text);
    if (found === undefined) return [];
    return [
      {
        path: at.concat('sql'),
        message: `must be one statement that is undone whole, and has for ${name}: ${found}; take it out of the case`,
      },
    ];
  });
}
