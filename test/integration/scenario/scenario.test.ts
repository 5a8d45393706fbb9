import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Narrator } from '../../../scripts/scenario/narrator.ts';

describe('npm run scenario (about 15 s each)', () => {
  test.each([
    ['elastic', 26, '7. The same over HTTP, with two real tokens'],
    ['organisations', 18, '7. Over a bare driver'],
    ['rls-as-code', 24, '6. Proven, on every shard'],
    ['roles', 18, '5. The same name in another tenant'],
    ['secure-api', 19, '4. A stored procedure that returns JSON'],
  ])(
    '%s goes as told, from the servers’ start to their end',
    async (name, statements, lastChapter) => {
      const { stdout } = await promisify(execFile)(process.execPath, ['scripts/scenario.ts', name]);
      expect(stdout).toContain(`\n${lastChapter}\n`);
      expect(stdout.endsWith(`\n${name}: ${statements} statements checked, all as told.\n`)).toBe(true);
      expect(stdout.includes('\u001b[')).toBe(false);
    },
    300_000,
  );

  test('a scenario that is not there is refused with those that are', async () => {
    await expect(promisify(execFile)(process.execPath, ['scripts/scenario.ts', 'nope'])).rejects.toMatchObject({
      code: 1,
      stderr: 'error: the name of a scenario is needed, one of elastic, organisations, rls-as-code, roles, secure-api\n',
    });
  });

  test('a statement that is not so ends the story', () => {
    const told: string[] = [];
    const narrator = new Narrator((text) => told.push(text), false);
    narrator.check('one is one', [1], [1]);
    expect(() => narrator.check('one is two', [1], [2])).toThrow('one is two\n  told:  [2]\n  is:    [1]');
    expect(told).toEqual(['   ✓ one is one\n']);
    expect(narrator.checked).toBe(1);
  });
});
