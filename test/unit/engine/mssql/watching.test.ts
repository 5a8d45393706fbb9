import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../../../sql/mssql/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');

// Judged by each of its statements, a change of policies would lock the gate, and all tenants would wait for its end.
test('the trigger asks for the very lock that changes of policies hold', () => {
  const lock = read('queries/policy/lock.sql');
  const taken = ['DbPrincipal', 'Resource', 'LockOwner'].map((name) => new RegExp(`@${name} = N'([^']+)'`).exec(lock)?.[1]);
  const asked = /APPLOCK_MODE\(N'([^']+)', N'([^']+)', N'([^']+)'\), N'NoLock'\) <> N'(\w+)'/.exec(read('schema/shard/070-watching.sql'));
  expect(asked?.slice(1)).toEqual([...taken, /@LockMode = N'(\w+)'/.exec(lock)?.[1]]);
});

// 1222, 229 and 2812 end their statement alone, also under XACT_ABORT: what comes behind it would run, and the change would stay.
test('everything that judges a change stands in a TRY block, whose CATCH ends the change', () => {
  const procedures = read('schema/shard/070-watching.sql').split(/^GO$/m);
  const bodies = ['judge_changes', 'note_change'].map((name) => {
    const text = procedures.find((procedure) => procedure.includes(`CREATE PROCEDURE [tenantry].[${name}]`)) ?? '';
    const lines = text.slice(text.indexOf('\nAS\n') + 4).split('\n');
    return lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.trim());
  });
  const tried = ['BEGIN TRY', 'END TRY', 'BEGIN CATCH', 'END CATCH;'];
  const settings = ['SET NOCOUNT, XACT_ABORT ON;'];
  expect(bodies).toEqual([
    [...settings, 'SET DEADLOCK_PRIORITY HIGH;', 'SET LOCK_TIMEOUT 10000;', 'DECLARE @was bit, @is bit, @first bigint;', ...tried],
    [...settings, ...tried, 'RETURN 0;'],
  ]);
});

// READPAST is refused (650) under READ UNCOMMITTED, and without READCOMMITTEDLOCK where the database reads row versions; without READPAST
// the look would wait for whoever changes something, and an acceptance would wait for one that waits for it.
test('changes that nobody judged are looked for past those under way', () => {
  const hints = 'WITH \\(READCOMMITTEDLOCK, READPAST, ROWLOCK\\)';
  const log = 'FROM \\[tenantry\\]\\.\\[change_log\\] AS c ';
  expect(read('schema/shard/070-watching.sql')).toMatch(
    new RegExp(
      `FUNCTION \\[tenantry\\]\\.\\[unjudged\\]\\(\\) RETURNS TABLE\nAS\nRETURN SELECT COUNT\\(\\*\\) AS \\[changes\\] ${log}${hints}
WHERE c\\.\\[verdict\\] IS NULL AND c\\.\\[transaction_id\\] <> CURRENT_TRANSACTION_ID\\(\\);`,
    ),
  );
  expect(read('queries/policy/accept.sql')).toMatch(
    new RegExp(`\nUPDATE c\nSET \\[verdict\\] = [^\n]+\n${log}${hints}\nWHERE c\\.\\[verdict\\] IS NULL;\n`),
  );
  const settings = Array.from(
    read('queries/policy/watch.sql').matchAll(/LEVEL READ \w+|\[unjudged\]\(\)|\[watched\]\(\)/g),
    ([said]) => said,
  );
  expect(settings).toEqual(['LEVEL READ COMMITTED', '[unjudged]()', 'LEVEL READ UNCOMMITTED', '[watched]()']);
});

test('nothing but what tells the fingerprint, and what watches, runs as somebody else', () => {
  const others = globSync('**/*.sql', { cwd: root })
    .toSorted()
    .flatMap((name) => Array.from(read(name).matchAll(/\bEXECUTE AS (\S+)/g), ([, who]) => `${name}: ${who}`));
  expect(others).toEqual([
    "schema/bootstrap/005-watching.sql: 'tenantry_definer'",
    "schema/shard/060-fingerprint.sql: 'tenantry_definer'",
    "schema/shard/070-watching.sql: 'tenantry_definer'",
    "schema/shard/070-watching.sql: 'tenantry_definer'",
  ]);
});

test('whoever changes the row that every tenant holds changes it only where there is something to change', () => {
  const changes = globSync('{queries,schema}/**/*.sql', { cwd: root })
    .toSorted()
    .flatMap((name) =>
      Array.from(read(name).matchAll(/^.*\b(?:UPDATE \[tenantry\]\.\[gate\]|UPDATE g SET).*$/gm), ([line]) => `${name}: ${line.trim()}`),
    );
  expect(changes).toEqual([
    expect.stringMatching(/^queries\/policy\/accept\.sql: .* WHERE g\.\[open\] = 0;$/),
    expect.stringMatching(/^queries\/policy\/accept\.sql: .* WHERE EXISTS \(SELECT g\.\[accepted_until\] EXCEPT SELECT @validUntil\);$/),
    expect.stringMatching(/^queries\/policy\/override\.sql: /),
    expect.stringMatching(/^queries\/policy\/sign-again\.sql: .* WHERE \[override_signature\] = @overrideSeen /),
    expect.stringMatching(
      /^queries\/rehearsal\/open-gate\.sql: .* WHERE \(\[open\] = 0 OR .*\) AND \(\[override_until\] IS NULL OR \[override_until\] <= SYSUTCDATETIME\(\)\);$/,
    ),
    expect.stringMatching(/^schema\/shard\/070-watching\.sql: IF @is <> @was UPDATE g /),
  ]);
});
