import { TenantryError } from '../core/errors.ts';

/** One thing that is wrong with a request; the sentence repeats no value. */
export interface RequestProblem {
  readonly in: 'body' | 'query' | 'path' | 'header';
  /** JSON pointer within the body, or `/name` of the parameter or header. */
  readonly pointer: string;
  /** Completes "The member ...": what is wrong and what is allowed. */
  readonly detail: string;
}

/** Problems that are told: a body can be made of nothing else, and the answer and the log would be many times its size. */
const mostProblems = 20;

/** INVALID_REQUEST with the problems of the request, at least one and at most the first twenty. */
export class InvalidRequest extends TenantryError {
  readonly problems: readonly RequestProblem[];
  constructor(problems: readonly RequestProblem[]) {
    const told = problems.slice(0, mostProblems);
    super('INVALID_REQUEST', told.map((problem) => `${problem.in}${problem.pointer} ${problem.detail}.`).join(' '));
    this.problems = told;
  }
}

/** METHOD_NOT_ALLOWED with the methods that the resource knows. */
export class MethodNotAllowed extends TenantryError {
  readonly allowed: readonly string[];
  constructor(allowed: readonly string[]) {
    super('METHOD_NOT_ALLOWED', `Allowed are ${allowed.join(', ')}.`);
    this.allowed = allowed;
  }
}
