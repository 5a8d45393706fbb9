import { expect, test } from 'vitest';
import { refuseParallelHint } from '../../../../src/engine/mssql/parallel-hint.ts';

const refused = { code: 'FORBIDDEN', outcome: 'not-run', message: expect.stringContaining('carries no hint MAXDOP') };

test.each([
  'select [Name] from [Blogs] option (maxdop 8)',
  'SELECT 1 OPTION (RECOMPILE, MAXDOP 0)',
  'select 1 option (maxdop 1)',
  'select 1 option(MaxDop\n\t8)',
  'select 1 option (maxdop/* as many as there are */8)',
  'select 1 option (maxdop -- all\n 8)',
  "select 'it''s' option (maxdop 8)",
  'select [a]]b] option (maxdop 8)',
  'select "a""b" option (maxdop 8)',
  '/* outer /* inner */ still a comment */ select 1 option (maxdop 8)',
  'select 1 -- none\r option (maxdop 8)',
  "update [Blogs] set [Name] = N'-- x' where [BlogId] = @p1 option (maxdop 4)",
  "select 1 as [маркер], N'Ω' option (maxdop\u00a08)",
])('a statement that asks for a parallel plan is refused: %s', (text) => {
  expect(() => refuseParallelHint(text)).toThrow(expect.objectContaining(refused));
});

test.each([
  'select [Name] from [Blogs]',
  'select 1 -- option (maxdop 8)',
  'select 1 /* option (maxdop 8) */',
  'select 1 /* a /* b */ option (maxdop 8) */',
  "select N'option (maxdop 8)'",
  "select 'a''option (maxdop 8)'",
  'select [maxdop 8] from [t]',
  'select [a]]maxdop 8] from [t]',
  'select "maxdop 8" from [t]',
  'select [t].maxdop from [t] where maxdop = 8',
  'declare @maxdop int = 8; select @maxdop',
  'select 8 as maxdop, 8',
  'select maxdop8 from [t]',
  "select 'option (maxdop 8)",
])('what only looks like it runs: %s', (text) => {
  expect(() => refuseParallelHint(text)).not.toThrow();
});

test('a long statement is looked at once, whatever it consists of', () => {
  const long = `select N'${"''".repeat(200_000)}', [${']]'.repeat(200_000)}], /* ${'/* */'.repeat(200_000)} */ 1 option (maxdop 8)`;
  expect(() => refuseParallelHint(long)).toThrow(expect.objectContaining(refused));
});
