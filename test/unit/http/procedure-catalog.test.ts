import { expect, test } from 'vitest';
import { proceduresSchema } from '../../../src/config/procedures-schema.ts';
import { joinProcedures } from '../../../src/http/procedures/procedure-catalog.ts';

test('a procedure that a shard has not is told by the shard, with what to do', () => {
  const procedures = proceduresSchema.parse({ Close: { returns: 'nothing' }, Open: { returns: 'nothing' } });
  const has = (shard: string, ...names: string[]) => ({
    shard,
    procedures: names.map((procedure) => ({ procedure, isFunction: shard === 'west' })),
  });
  const joined = joinProcedures(procedures, [has('east', 'Close', 'Open'), has('west', 'Open', 'Close')]);
  expect([...joined.keys()]).toEqual(['Close', 'Open']);
  expect(() => joinProcedures(procedures, [has('east', 'Close', 'Open'), has('west', 'Open')])).toThrow(
    expect.objectContaining({
      code: 'INVALID_CONFIGURATION',
      detail:
        'Procedure Close is configured and does not exist on shard west; names are exact-case. ' +
        'Create it and run `tenantry policy apply`, or take it out of `procedures`.',
    }),
  );
});
