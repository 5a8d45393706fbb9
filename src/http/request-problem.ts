import { TenantryError } from '../core/errors.ts';

/** One thing that is wrong with a request; the sentence repeats no value. */
export interface RequestProblem {
  readonly in: 'body' | 'query' | 'path' | 'header';
  /** JSON pointer within the body, or `/name` of the parameter or header. */
  readonly pointer: string;
  /** Completes "The member ...": what is wrong and what is allowed. */
  readonly detail: string;
}

/** INVALID_REQUEST with every problem of the request, at least one. */
export class InvalidRequest extends TenantryError {
  readonly problems: readonly RequestProblem[];
  constructor(problems: readonly RequestProblem[]) {
    super('INVALID_REQUEST', problems.map((problem) => `${problem.in}${problem.pointer} ${problem.detail}.`).join(' '));
    this.problems = problems;
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
