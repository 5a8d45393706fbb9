import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import { createEngines } from '../../../src/main/engines.ts';
import { createPreparation } from '../../../src/main/preparation.ts';
import { answerFile, askedFile } from '../../support/library-answers.ts';
import { inOrder } from '../../support/scripted-diagnosis.ts';
import { secretPassword, shardId } from '../../support/scripted-shard.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { sampleConfig, sampleEnvironment } from '../../unit/config/sample.ts';

const said = {
  'catalog/schema-state': {
    columns: { hasSchema: 'bit', isCatalog: 'bit', isShard: 'bit', isAdmins: 'bit' },
    rows: [[true, false, true, true]],
  },
  'local-map/is-installed': inOrder['local-map/is-installed'],
  'local-map/get-description': inOrder['local-map/get-description'],
} as const;
const files = Object.keys(said) as (keyof typeof said)[];

test('which shard a database is, is asked over the admin login alone, before anything is made by the administrator of its server', async () => {
  await using server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(files, request);
      return answerFile(file === undefined ? undefined : said[file], request, answer);
    },
  });
  const settings = resolveConfig(sampleConfig(), sampleEnvironment);
  const address = { engine: 'mssql', host: server.host, port: server.port, database: 'shop', tls: 'disable' } as const;
  const asked = (): unknown[] =>
    server.recording.of('request').flatMap(({ connection, initial, request }) => {
      const login = server.recording.of('login').find((event) => event.connection === connection)?.login.user;
      return initial ? [] : [[login, askedFile(files, request)]];
    });
  let before: unknown;
  await createPreparation(createEngines()).prepare(settings, address, { user: 'sa', password: secretPassword }, async (found) => {
    expect(found?.identity?.shardId).toBe(shardId);
    before = asked();
  });
  const { user: admin } = settings.logins.admin;
  expect(before).toEqual([
    ['sa', 'catalog/schema-state'],
    [admin, 'local-map/is-installed'],
    [admin, 'local-map/get-description'],
  ]);
  expect(asked().slice(3)).not.toContainEqual(['sa', 'local-map/get-description']);
});
