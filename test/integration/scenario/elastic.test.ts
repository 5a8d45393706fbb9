import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Narrator } from '../../../scripts/scenario/narrator.ts';

describe('npm run scenario -- elastic (about 15 s)', () => {
  test('goes as told, from the servers’ start to their end', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['scripts/scenario.ts', 'elastic']);
    expect(stdout).toContain('7. The same over HTTP, with two real tokens');
    expect(stdout).toMatch(/\nelastic: 25 statements checked, all as told\.\n$/);
    expect(stdout.includes('\u001b[')).toBe(false);
  }, 120_000);

  test('a scenario that is not there is refused with those that are', async () => {
    await expect(promisify(execFile)(process.execPath, ['scripts/scenario.ts', 'nope'])).rejects.toMatchObject({
      code: 1,
      stderr: 'error: the name of a scenario is needed, one of elastic\n',
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
