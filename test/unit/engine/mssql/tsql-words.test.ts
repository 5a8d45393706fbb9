import { expect, it } from 'vitest';
import { tsqlWords } from '../../../../src/engine/mssql/tsql-words.ts';

// Where Microsoft's compiler sees the borders (its own tokens, decision 023).
it.each<readonly [text: string, ...words: string[]]>([
  ['1commit', '1', 'commit'],
  ['@x=1rollback', '@x', '=', '1', 'rollback'],
  ['0xrollback', '0x', 'rollback'],
  ['0xabrollback', '0xab', 'rollback'],
  ['0xfcommit', '0xfc', 'ommit'],
  ['00x1commit', '00', 'x1commit'],
  ['$1commit', '$1', 'commit'],
  ['£1.5commit', '£1.5', 'commit'],
  ['1e0exec', '1e0', 'exec'],
  ['1eexec', '1e', 'exec'],
  ['1exec', '1e', 'xec'],
  ['1e+commit', '1e+', 'commit'],
  ['1.e-5commit', '1.e-5', 'commit'],
  ['1.commit', '1.', 'commit'],
  ['t.1commit', 't', '.1', 'commit'],
  ['1..commit', '1.', '.', 'commit'],
  ['5.5.5commit', '5.5', '.5', 'commit'],
  ['1_commit', '1', '_commit'],
  ['1@x', '1', '@x'],
  ['1$commit', '1', '$commit'],
  ['@1commit', '@1commit'],
  ['#1commit', '#1commit'],
  ['commit1', 'commit1'],
  ['x$1commit', 'x$1commit'],
  ['x£commit', 'x£commit'],
  ['x\u0301commit', 'x\u0301commit'],
  ['x\u203fcommit', 'x\u203fcommit'],
  ['\u0661commit', '\u0661commit'],
  ['1\u00b2commit', '1', '\u00b2commit'],
  ["N'a'commit", 'N', "'a'", 'commit'],
  ['[a]commit"b"1', '[a]', 'commit', '"b"', '1'],
])('T-SQL ends a word where its compiler does: %s', (text, ...words) => {
  expect([...tsqlWords(text)]).toEqual(words);
});
