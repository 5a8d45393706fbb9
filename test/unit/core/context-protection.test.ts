import { expect, test } from 'vitest';
import { formAsGoodAs, protectsAtLeast, type ContextProtection } from '../../../src/core/context-protection.ts';
import { createEngines, engineOf } from '../../../src/main/engines.ts';

test.each<[string, ContextProtection, ContextProtection]>([
  ['postgres', 'plain', 'plain'],
  ['postgres', 'mac', 'mac'],
  ['postgres', 'guarded', 'guarded'],
  ['mssql', 'plain', 'plain'],
  ['mssql', 'mac', 'guarded'],
  ['mssql', 'guarded', 'guarded'],
])('a shard of %s for a fleet that wants %s is made %s', (engine, wanted, made) => {
  expect(formAsGoodAs(wanted, engineOf(createEngines(), { engine }).contextForms)).toBe(made);
});

test.each<[ContextProtection | null, readonly ContextProtection[]]>([
  [null, ['plain']],
  ['plain', ['plain']],
  ['mac', ['plain', 'mac']],
  ['guarded', ['plain', 'mac', 'guarded']],
])('a shard that is %s is as good as %j', (found, enough) => {
  expect((['plain', 'mac', 'guarded'] as const).filter((wanted) => protectsAtLeast(found, wanted))).toEqual(enough);
});
