import { expect, test } from 'vitest';
import { TenantryError, type ErrorCode } from '../../../../src/core/errors.ts';
import { reaches, reachesNothing } from '../../../../src/policy/probes/expectations.ts';

const refused = (code: ErrorCode) => ({ outcome: 'refused', error: new TenantryError(code, 'The server said no.') }) as const;

test('what was refused is told as part of a sentence, whose dot is not this one', () => {
  const text = 'was refused for another reason: The server said no';
  expect(reachesNothing(refused('INVALID_REQUEST'))).toEqual({ outcome: 'unproven', text });
  expect(reaches(1)(refused('TIMEOUT'))).toEqual({ outcome: 'unproven', text });
  expect(reachesNothing(refused('CONFLICT'))).toEqual({
    outcome: 'leaked',
    text: "got as far as the table's constraints: The server said no",
  });
});
