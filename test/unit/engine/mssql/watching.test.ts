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

test('nothing but what tells the fingerprint, and what watches, runs as somebody else', () => {
  const others = globSync('**/*.sql', { cwd: root })
    .toSorted()
    .flatMap((name) => Array.from(read(name).matchAll(/\bEXECUTE AS (\S+)/g), ([, who]) => `${name}: ${who}`));
  expect(others).toEqual(["schema/bootstrap/005-watching.sql: 'tenantry_definer'", "schema/shard/060-fingerprint.sql: 'tenantry_definer'"]);
});

test('whoever changes the row that every tenant holds changes it only where there is something to change', () => {
  const changes = globSync('{queries,schema}/**/*.sql', { cwd: root })
    .toSorted()
    .flatMap((name) =>
      Array.from(read(name).matchAll(/^.*\b(?:UPDATE \[tenantry\]\.\[gate\]|UPDATE g SET).*$/gm), ([line]) => `${name}: ${line.trim()}`),
    );
  expect(changes).toEqual([
    expect.stringMatching(/^queries\/policy\/accept\.sql: .* WHERE g\.\[open\] = 0;$/),
    expect.stringMatching(/^queries\/policy\/override\.sql: /),
    expect.stringMatching(/^queries\/policy\/sign-again\.sql: .* WHERE \[override_signature\] = @overrideSeen /),
    expect.stringMatching(/^schema\/shard\/070-watching\.sql: IF @is <> @was UPDATE g /),
  ]);
});
