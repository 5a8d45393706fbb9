import { createTenantry } from '../../../src/index.ts';
import type { Narrator } from '../narrator.ts';
import { createStage } from '../stage.ts';
import { changed, declared } from './config.ts';
import { tellBefore } from './before.ts';
import { tellChange } from './change.ts';
import { tellProof } from './proof.ts';
import { tellSetup } from './setup.ts';
import { tellTenants } from './tenants.ts';

/** Tells the story of policies that are reviewed as code is, from servers that start to servers that are gone. Throws `NotAsTold`. */
export async function tellRlsAsCode(narrator: Narrator): Promise<void> {
  const stage = await createStage({ config: declared, servers: 2, database: 'declared' });
  try {
    await tellBefore(stage, narrator);
    await tellSetup(stage, narrator);
    await tellChange(stage, narrator);
    Object.assign(process.env, stage.environment);
    const tenantry = await createTenantry(changed);
    try {
      await tellTenants(tenantry, narrator);
    } finally {
      await tenantry.close();
    }
    await tellProof(stage, narrator);
  } finally {
    await stage.close();
  }
}
