import type { Narrator } from '../narrator.ts';
import { createStage } from '../stage.ts';
import { withPoliciesOff } from './config.ts';
import { tellHttp } from './http.ts';
import { tellProcedure } from './procedure.ts';
import { tellSetup } from './setup.ts';

/** Tells the story of the API over sensitive data, from servers that start to servers that are gone. Throws `NotAsTold`. */
export async function tellSecureApi(narrator: Narrator): Promise<void> {
  const stage = await createStage({ config: withPoliciesOff, servers: 1, database: 'secure' });
  try {
    await tellSetup(stage, narrator);
    await tellHttp(stage, narrator);
    await tellProcedure(stage, narrator);
  } finally {
    await stage.close();
  }
}
