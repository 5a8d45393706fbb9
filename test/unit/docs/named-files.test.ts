import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/* A page that sends its reader to a file which has moved is found here, and not by the reader. */

const root = fileURLToPath(new URL('../../../', import.meta.url));
const rooms = ['bin', 'compose', 'docs', 'scripts', 'shardmap', 'sql', 'src', 'test'];
const files = globSync([`{${rooms.join(',')}}/**/*`, '*', '.github/**/*'], { cwd: root });
const names = new Set(files.map((file) => basename(file)));
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

/** `a{b,c}` as `ab` and `ac`. */
function expanded(path: string): string[] {
  const [whole, head = '', list = '', tail = ''] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(path) ?? [];
  return whole === undefined ? [path] : list.split(',').flatMap((each) => expanded(head + each + tail));
}

/** Files and folders of the repository that a text names in code, where they are not there; a name in angle brackets stands for any. */
function missing(text: string): string[] {
  const words = Array.from(text.matchAll(/`([^`\s]+)`/g), ([, word = '']) => word);
  const paths = words.filter((word) => rooms.some((room) => word.startsWith(`${room}/`))).flatMap(expanded);
  const bare = words.filter((word) => /^[\w{},-]+(\.test)\.ts$/.test(word)).flatMap(expanded);
  return [
    ...paths.filter((path) => !/[<>…]/.test(path) && globSync(path, { cwd: root }).length === 0),
    ...bare.filter((name) => !names.has(name)),
  ];
}

/** What a link to each heading of a page ends with. */
function anchors(text: string): string[] {
  const headings = text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm);
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links of a page to other pages of the repository, or to headings of them, where they are not there. */
function deadLinks(page: string, text: string): string[] {
  const links = Array.from(text.matchAll(/\]\(([^)#:\s]*)(?:#([^)\s]*))?\)/g), ([, path = '', anchor]) => ({ path, anchor }));
  const isDead = ({ path, anchor }: (typeof links)[number]): boolean => {
    const target = join(dirname(page), path);
    if (path !== '' && globSync(target, { cwd: root }).length === 0) return true;
    return anchor !== undefined && !anchors(path === '' ? text : readFileSync(join(root, target), 'utf8')).includes(anchor);
  };
  return links.filter(isDead).map(({ path, anchor }) => (anchor === undefined ? path : `${path}#${anchor}`));
}

test.each(pages)('%s names files that are there', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  expect([...missing(text), ...deadLinks(page, text)]).toEqual([]);
});

test('the page of what is verified of SQL Server names every suite of it', () => {
  const page = readFileSync(join(root, 'docs/sql-server.md'), 'utf8');
  const named = Array.from(page.matchAll(/`([^`\s]+\.test\.ts)`/g), ([, path = '']) => expanded(path)).flat();
  const isOfMssql = (file: string): boolean =>
    /^test\/integration\/mssql(-wire)?\//.test(file) ||
    /\b(describeOnEach(Ground|Engine)\(|describeNeeding\(\s*'mssql')/.test(readFileSync(join(root, file), 'utf8'));
  const suites = globSync('test/**/*.test.ts', { cwd: root }).filter(isOfMssql);
  expect(suites.length).toBeGreaterThan(named.length / 2);
  expect(suites.filter((file) => !named.some((path) => `/${file}`.endsWith(`/${path}`)))).toEqual([]);
});

test('messages and comments name pages that are there', () => {
  const source = files.filter((file) => /\.(ts|sql|ya?ml)$/.test(file));
  const named = source.flatMap((file) =>
    Array.from(readFileSync(join(root, file), 'utf8').matchAll(/\bdocs\/[\w/-]+\.md\b/g), ([page]) => `${file}: ${page}`),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((line) => globSync(line.replace(/^.*: /, ''), { cwd: root }).length === 0)).toEqual([]);
});

test('a file that is not there is found', () => {
  const text =
    '`test/unit/{docs,nowhere}` `gone.test.ts` `src/engine/<engine>/` `src/core/*.ts` [one](errors.md#errors) [other](gone.md) [third](errors.md#gone) [here](#gone)';
  expect(missing(text)).toEqual(['test/unit/nowhere', 'gone.test.ts']);
  expect(deadLinks('docs/limits.md', text)).toEqual(['gone.md', 'errors.md#gone', '#gone']);
});
