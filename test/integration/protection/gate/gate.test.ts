import { useGatedShard } from '../../../support/gated-shard.ts';
import { testClosing } from './closing.ts';
import { testConnection } from './connection.ts';
import { testDefaultSchema } from './default-schema.ts';
import { testGivenProcedure } from './given-procedure.ts';
import { testMeanwhile } from './meanwhile.ts';
import { testOutdated } from './outdated.ts';
import { testOverride } from './override.ts';
import { testWatchers } from './watchers.ts';

const shard = useGatedShard();

testClosing(shard);
testMeanwhile(shard);
testWatchers(shard);
testConnection(shard);
testGivenProcedure(shard);
testOutdated(shard);
testDefaultSchema(shard);
testOverride(shard);
