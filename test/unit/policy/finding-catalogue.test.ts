import { expect, test } from 'vitest';
import { findingCatalogue } from '../../../src/policy/finding-catalogue.ts';
import type { FindingKind } from '../../../src/policy/finding-kinds/finding-kind.ts';

const advised: [code: string, advice: string][] = Object.entries<FindingKind>(findingCatalogue).flatMap(([code, { advise }]) =>
  advise === undefined ? [] : [[code, advise('public.Blogs', 'by_name')]],
);

test.each(advised)('what helps with %s is said in words, which nobody takes for a statement', (_, advice) => {
  expect(advice).toMatch(/^[a-z]/);
  expect(advice).not.toMatch(/^(alter|create|drop|grant|revoke|set|update)\b/);
});
