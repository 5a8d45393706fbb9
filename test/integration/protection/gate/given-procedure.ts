import { describe, expect, it } from 'vitest';
import { proceduresSchema } from '../../../../src/config/procedures-schema.ts';
import { sqlText } from '../../../../src/core/sql.ts';
import type { SqlDatabase } from '../../../../src/core/session.ts';
import { applyPolicies } from '../../../../src/policy/apply.ts';
import { accepting } from '../../../support/accepting.ts';
import { doingAround } from '../../../support/doing-around.ts';
import type { GatedShard } from '../../../support/gated-shard.ts';
import { blogs, postgresPolicies } from '../../../support/policy-shard.ts';

/** What policy apply has looked at when it accepts a shard. */
export function testGivenProcedure(shard: GatedShard): void {
  describe('What others commit while policy apply gives a procedure to app', () => {
    const procedures = proceduresSchema.parse({ Close: { returns: 'nothing' } });
    const request = () => ({ tables: [blogs], procedures, keyType: 'int', accepting: accepting(shard.shardId) }) as const;
    /** Does it once, behind the look at what is there before anything is set. */
    const meanwhile = (others: () => Promise<unknown>): SqlDatabase => {
      let isDone = false;
      const behind = async (file: string): Promise<void> => {
        if (file !== 'policy/fingerprint' || isDone) return;
        isDone = true;
        await others();
      };
      return doingAround(shard.admin, () => ({ behind }));
    };

    it('is looked at like all that was there: a procedure that would end its caller’s transaction is given to nobody', async () => {
      await shard.change(`create procedure "Close"() language plpgsql as $$ begin null; end $$; alter procedure "Close" owner to tenantry_admin;
        revoke execute on procedure "Close" from public`);
      const commits = 'create or replace procedure "Close"() language plpgsql as $$ begin commit; end $$';
      const applied = applyPolicies(
        meanwhile(() => shard.change(commits)),
        postgresPolicies,
        { ...request(), dryRun: false },
      );
      await expect(applied).rejects.toMatchObject({
        code: 'INVALID_CONFIGURATION',
        detail: expect.stringContaining('ends or changes the transaction') as string,
      });
      const { rows } = await shard.root.query(sqlText(`select has_function_privilege('tenantry_app', '"Close"()', 'execute') as given`));
      expect(rows).toEqual([{ given: false }]);
    });
  });
}
