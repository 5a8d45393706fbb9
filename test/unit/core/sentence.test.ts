import { expect, test } from 'vitest';
import { clause, sentence } from '../../../src/core/sentence.ts';

test.each([
  ['It is gone', 'It is gone.'],
  ['It is gone.', 'It is gone.'],
  ['It has no column owner; did you mean Owner?', 'It has no column owner; did you mean Owner?'],
])('the sentence of %j ends once', (words, ended) => {
  expect(sentence(words)).toBe(ended);
  expect(sentence(clause(words))).toBe(ended);
});
