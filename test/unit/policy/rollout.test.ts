import { expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import type { PolicyChange, PolicyResult } from '../../../src/policy/model.ts';
import { isLooked, lookAtAll, requireAllLooked, rollOut, type RolloutOptions, type ShardRollout } from '../../../src/policy/rollout.ts';

const change: PolicyChange = {
  kind: 'set',
  of: 'table',
  object: 'public.Blogs',
  item: 'row security',
  before: 'off',
  after: 'forced',
  statements: ['alter table'],
};

interface Play extends Partial<Omit<RolloutOptions, 'onResult'>> {
  /** Shards where nothing is to be changed. */
  readonly inOrder?: readonly string[];
  /** What fails, as events say it: `change b`. */
  readonly failing?: readonly string[];
  readonly onEvent?: (event: string) => Promise<void> | void;
}

/** Rolls out to shards a to e; what happened, in order, and how each ended. */
async function play({
  inOrder = [],
  failing = [],
  onEvent = () => undefined,
  ...options
}: Play): Promise<{ events: string[]; ends: string[]; results: ShardRollout[] }> {
  const events: string[] = [];
  const happen = async (event: string): Promise<void> => {
    events.push(event);
    await onEvent(event);
    if (failing.includes(event)) throw new TenantryError('TIMEOUT', `${event} took too long.`);
  };
  const shards = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }));
  const pending = (name: string): PolicyChange[] => (inOrder.includes(name) ? [] : [change]);
  const ends: string[] = [];
  const result = (name: string): PolicyResult => ({
    changes: pending(name),
    warnings: [],
    applied: true,
    state: '',
    drift: [],
  });
  const steps = {
    change: async ({ name }: { name: string }) => happen(`change ${name}`).then(() => result(name)),
    verify: ({ name }: { name: string }) => happen(`verify ${name}`),
    tell: ({ name }: { name: string }) => happen(`tell ${name}`),
    record: ({ name }: { name: string }, outcome: string) => happen(`${outcome} ${name}`),
  };
  const onResult = ({ shard, outcome, canary }: ShardRollout): void =>
    void ends.push(`${shard} ${outcome}${canary === true ? ' first' : ''}`);
  const looks = shards.map((shard) => ({ shard, found: result(shard.name) }));
  const results = await rollOut(looks, steps, { concurrency: 2, stop: new AbortController().signal, ...options, onResult });
  return { events, ends, results };
}

it('changes, verifies, records and tells one, then the others', async () => {
  const { events, ends } = await play({ concurrency: 1 });
  expect(events.slice(0, 5)).toEqual(['BEGUN a', 'change a', 'verify a', 'DONE a', 'tell a']);
  expect(events).toHaveLength(5 * 5);
  expect(ends).toEqual(['a changed first', 'b changed', 'c changed', 'd changed', 'e changed']);
});

it('begins nothing beside the first shard, and no more than so many of the others at once', async () => {
  const underWay = new Set<string>();
  let most = 0;
  await play({
    canary: 'c',
    onEvent: async (event) => {
      const [what, shard = ''] = event.split(' ');
      if (what === 'BEGUN') underWay.add(shard);
      most = Math.max(most, underWay.size);
      if (underWay.has('c')) expect([...underWay]).toEqual(['c']);
      await Promise.resolve();
      if (what === 'DONE') underWay.delete(shard);
    },
  });
  expect(most).toBe(2);
});

it('takes as the first one that with something to change, unless it is told which', async () => {
  expect((await play({ inOrder: ['a', 'b'] })).ends[0]).toBe('c changed first');
  expect((await play({ inOrder: ['a', 'b'], canary: 'b' })).ends[0]).toBe('b already so first');
  expect((await play({ inOrder: ['a', 'b', 'c', 'd', 'e'] })).ends[0]).toBe('a already so first');
  await expect(play({ canary: 'z' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    detail: expect.stringContaining('a, b, c, d, e') as string,
  });
});

it('looks at every shard, whatever comes of the others, and is refused for those that it could not look at', async () => {
  const found: PolicyResult = { changes: [], warnings: [], applied: true, state: '', drift: [] };
  const shards = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
  const looks = await lookAtAll(shards, 1, async ({ name }) => {
    if (name === 'b' || name === 'd') throw new TenantryError('TIMEOUT', `${name} took too long.`);
    return await Promise.resolve(found);
  });
  expect(looks.map((look) => (isLooked(look) ? look.shard.name : look.error.detail))).toEqual([
    'a',
    'b took too long.',
    'c',
    'd took too long.',
  ]);
  const refusedFor = { code: 'TIMEOUT', detail: 'It failed on 2 shards, as told of each: b, d.' };
  expect(() => requireAllLooked(looks)).toThrow(expect.objectContaining(refusedFor));
  expect(() => requireAllLooked(looks.slice(0, 3))).toThrow(
    expect.objectContaining({ code: 'TIMEOUT', detail: 'On shard b: b took too long.' }),
  );
});

it.each(['change a', 'verify a', 'BEGUN a'])('reaches no other shard where %s of the first fails', async (failing) => {
  const { ends, results } = await play({ failing: [failing] });
  expect(ends).toEqual(['a failed first', 'b not reached', 'c not reached', 'd not reached', 'e not reached']);
  expect(results[0]?.error).toMatchObject({ code: 'TIMEOUT', detail: `${failing} took too long.` });
});

it('changes nothing that it could not record before', async () => {
  const { events } = await play({ failing: ['BEGUN a'] });
  expect(events.filter((event) => event.startsWith('change'))).toEqual([]);
});

it('records a failure, and says so where it cannot', async () => {
  expect((await play({ failing: ['verify a'] })).events).toContain('FAILED a');
  const { results } = await play({ failing: ['verify a', 'FAILED a'] });
  expect(results[0]?.error?.detail).toMatch(/^verify a took too long\. That it failed could not be recorded: .*FAILED a took too long\.$/);
});

it('says of what was done and could not be recorded that it is done, and records no failure', async () => {
  const { events, ends, results } = await play({ failing: ['DONE a'], concurrency: 1 });
  expect(ends.slice(0, 2)).toEqual(['a changed first', 'b changed']);
  expect(results[0]?.unrecorded).toMatchObject({ code: 'TIMEOUT', detail: 'DONE a took too long.' });
  expect(results[1]?.unrecorded).toBeUndefined();
  expect(events).not.toContain('FAILED a');
});

it('ends those under way when one fails, and begins no more', async () => {
  const cFailed = Promise.withResolvers<void>();
  const { ends } = await play({
    failing: ['change c'],
    onEvent: async (event) => {
      if (event === 'FAILED c') cFailed.resolve();
      if (event === 'change b') await cFailed.promise;
    },
  });
  expect(ends).toEqual(['a changed first', 'c failed', 'b changed', 'd not reached', 'e not reached']);
});

it('ends between shards when it is stopped', async () => {
  const stop = new AbortController();
  const { ends } = await play({ concurrency: 1, stop: stop.signal, onEvent: (event) => (event === 'change b' ? stop.abort() : undefined) });
  expect(ends).toEqual(['a changed first', 'b changed', 'c not reached', 'd not reached', 'e not reached']);
});

it('verifies a shard where nothing is to be changed: what changed it before may have failed then', async () => {
  const { ends, events } = await play({ inOrder: ['b'], failing: ['verify b'], concurrency: 1 });
  expect(ends).toEqual(['a changed first', 'b failed', 'c not reached', 'd not reached', 'e not reached']);
  expect(events.filter((event) => event.endsWith(' b'))).toEqual(['verify b']);
});

it('has what the catalog could not be told on its result alone: the audit trail has it as done, and the others follow', async () => {
  const { events, ends, results } = await play({ failing: ['tell a'], concurrency: 1 });
  expect(ends).toEqual(['a changed first', 'b changed', 'c changed', 'd changed', 'e changed']);
  expect(events).toContain('DONE a');
  expect(results[0]?.untold).toMatchObject({ code: 'TIMEOUT', detail: 'tell a took too long.' });
  expect(results[1]?.untold).toBeUndefined();
});

it('tells what is signed also where nothing was to be changed, or it failed once it was changed, and not where nothing came of it', async () => {
  expect((await play({ inOrder: ['a', 'b', 'c', 'd', 'e'] })).events.filter((event) => event.startsWith('tell'))).toHaveLength(5);
  expect((await play({ failing: ['verify a'] })).events).toContain('tell a');
  expect((await play({ failing: ['change a'] })).events).not.toContain('tell a');
});
