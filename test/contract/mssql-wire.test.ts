import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/core/sql.ts';
import { ScriptedBlogs } from '../support/scripted-blogs.ts';
import { entryOf, epoch, ScriptedShard } from '../support/scripted-shard.ts';
import type { Moment } from '../support/tds/model/statement.ts';
import { describeEngine, type EngineGround, type WireMoment } from './engine.contract.ts';

const moments: Readonly<Record<WireMoment, Moment>> = { sent: 'read', answering: 'before commit', answered: 'answered' };

const cases = describeEngine('SQL Server on the wire of a scripted server', openGround, ['wire']);

describe('the cases that only SQL Server itself can show', () => {
  const missing = cases.filter(({ kind }) => kind === 'semantics');

  test('are named on the page of what is not verified, and no others', () => {
    process.stdout.write(`contract: ${cases.length - missing.length} cases on the wire, ${missing.length} need SQL Server\n`);
    const page = readFileSync(new URL('../../docs/sql-server.md', import.meta.url), 'utf8');
    const list = /<!-- contract: semantics -->\n([\s\S]*?)<!-- end -->/.exec(page)?.[1] ?? '';
    expect(list.trim().split('\n')).toEqual(missing.map(({ title }) => `- ${title}`));
  });
});

async function openGround(): Promise<EngineGround> {
  const shard = await ScriptedShard.start();
  const blogs = new ScriptedBlogs(shard);
  shard.answer = (statement) => blogs.answer(statement);
  return {
    connect: () => shard.open(),
    entry: entryOf,
    setMapping: (tenant, { state = 'ONLINE', epoch: changed = epoch, movedTo }) => {
      Object.assign(shard.model.mappings.get(tenant)!, { state, epoch: BigInt(changed), movedTo });
      return Promise.resolve();
    },
    countBlogs: () => Promise.resolve(blogs.committed),
    clearBlogs: () => Promise.resolve(blogs.clear()),
    roundTrips: async (work) => {
      const before = shard.server.recording.of('request').length;
      await work();
      return shard.server.recording.of('request').length - before;
    },
    cutNextAnswer: () => {
      shard.model.at = ({ moment, answer }) => {
        if (moment !== 'after commit') return;
        shard.model.at = () => undefined;
        answer.drop('rst');
      };
    },
    onNext: (moment, action) =>
      new Promise((resolve) => {
        shard.model.at = (now) => {
          if (now.moment !== moments[moment]) return;
          shard.model.at = () => undefined;
          action();
          resolve(undefined);
        };
      }),
    sleep: (ms) => sql`select ${ms} as waited`,
    begin: sql`BEGIN TRANSACTION`,
    readOnlyTransactions: false,
    streamRoundTrips: 1,
    close: () => shard[Symbol.asyncDispose](),
  };
}
