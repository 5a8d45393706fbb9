import { describe, expect, it } from 'vitest';
import { procedureRisks } from '../../../../src/engine/postgres/procedure-risks.ts';

const risksOf = (text: string | null, language = 'plpgsql'): string[] =>
  procedureRisks({ schema: 'public', routine: 'p', text, language }).map(({ detail }) => detail);

describe('the text of a procedure of PostgreSQL', () => {
  it.each([
    'begin commit; end',
    'begin delete from t; COMMIT AND CHAIN; end',
    'begin if true then /* ; */ Commit; end if; end',
    'begin loop\n-- now\ncommit; end loop; end',
    `begin perform E'it\\'s'; commit; end`,
    'begin perform $a$ $$ $a$; commit; end',
    'begin <<here>> commit; end',
    'begin exception when others then commit; end',
  ])('says COMMIT: %s', (text) => {
    expect(risksOf(text)).toEqual(['COMMIT']);
  });

  it('says ROLLBACK, each once', () => {
    expect(risksOf('begin rollback; commit; rollback; end')).toEqual(['ROLLBACK', 'COMMIT']);
  });

  it.each([
    `begin perform 'a; commit;', "b; commit;"; end`,
    `begin perform $$; commit;$$, $x$; commit; $$ ; commit; $x$; end`,
    `begin perform E'; commit \\'; commit;'; end`,
    'begin -- ; commit;\n /* ; commit; /* ; */ ; commit; */ perform 1; end',
    'begin select commit, rollback from t where commit = 1; end',
    'begin perform on_commit(); end',
  ])('says nothing of its transaction: %s', (text) => {
    expect(risksOf(text)).toEqual([]);
  });

  it('is not looked at in other languages', () => {
    expect([risksOf('', 'c'), risksOf('plpy.commit()', 'plpython3u'), risksOf('select 1', 'sql')]).toEqual([
      ['it is written in c'],
      ['it is written in plpython3u'],
      [],
    ]);
  });
});
