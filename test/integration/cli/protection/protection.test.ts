import { afterAll, beforeAll } from 'vitest';
import { testDiff } from './diff.ts';
import { testDrift } from './drift.ts';
import { testLeaks } from './leaks.ts';
import { testOverride } from './override.ts';
import { startTwoShards, type TwoShards } from './two-shards.ts';
import { testWatching } from './watching.ts';

let shards: TwoShards;
beforeAll(async () => {
  shards = await startTwoShards();
});
afterAll(() => shards.world.close());

testDiff(() => shards);
testDrift(() => shards);
testLeaks(() => shards);
testOverride(() => shards);
testWatching(() => shards);
