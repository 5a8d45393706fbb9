import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { describeFailure, Output } from '../../../src/cli/output.ts';

class Kept extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A name that colours a line, rings, goes back to its beginning, clears it and turns what follows around. */
const name = '\u001b[31mBlogs\u0007\r\u009b2K\u202e';
const shown = String.raw`\u001b[31mBlogs\u0007\u000d\u009b2K\u202e`;

function said(say: (output: Output) => void, { json = false, styled = false, isTTY = false } = {}): { out: string; err: string } {
  const [out, err] = [new Kept(isTTY), new Kept(isTTY)];
  say(new Output({ out, err, styled }, json));
  return { out: out.text, err: err.text };
}

test('people are shown the control characters of names, wherever they are told them', () => {
  const say = (output: Output): void => {
    output.result({}, `${name}\nnext`);
    output.line(name);
    output.note(name);
  };
  expect(said(say)).toEqual({ out: `${shown}\nnext\n${shown}\n`, err: `${shown}\n` });
  expect(describeFailure(new TenantryError('CONFLICT', `${name}.\nMore.`), false)).toBe(`error: ${shown} (CONFLICT)\nMore.`);
});

test('a name is one cell of one line of a list, whatever is in it', async () => {
  const rows = [{ table: `a\tb\n${name}`, rows: 1 }];
  expect(said((output) => output.list(rows, ['table', 'rows'], '')).out).toBe(`table\trows\n${String.raw`a\u0009b\u000a`}${shown}\t1\n`);
  expect(said((output) => output.list(rows, ['table', 'rows'], ''), { styled: true }).out).toContain(String.raw`a\u0009b\u000a`);
});

test('on a terminal the program’s own colours stay', () => {
  const { out } = said((output) => output.line(`${output.tone('good', `ok ${name}`)} \u001b[2J`), { styled: true });
  expect(out).toBe(`\u001b[32mok ${shown}\u001b[39m ${String.raw`\u001b[2J`}\n`);
});

test.each(['result', 'line', 'note'] as const)('on a coloured terminal a name has no colour of its own, in a %s', (way) => {
  const named = (colour: string): string => `\u001b[${colour}mok\u001b[39m`;
  for (const colour of ['1', '2', '31', '32', '33']) {
    const say = (output: Output): void => {
      const text = `${output.tone('bad', named(colour))} ${named(colour)}`;
      if (way === 'result') output.result({}, text);
      else output[way](text);
    };
    const { out, err } = said(say, { styled: true });
    const seen = String.raw`\u001b[${colour}mok\u001b[39m`;
    expect(out + err).toBe(`\u001b[31m${seen}\u001b[39m ${seen}\n`);
  }
});

test('JSON has names as they are, and so has a script that goes to a file', () => {
  const { out } = said((output) => output.result({ name }, ''), { json: true });
  expect((JSON.parse(out) as { name: string }).name).toBe(name);
  expect(said((output) => output.script(name)).out).toBe(`${name}\n`);
  expect(said((output) => output.script(name), { isTTY: true }).out).toBe(`${shown}\n`);
});
