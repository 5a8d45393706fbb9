import { createTenantry } from '../../../src/index.ts';
import type { Narrator } from '../narrator.ts';
import { startService, type Service, type Token } from '../service.ts';
import { createStage, type Stage } from '../stage.ts';
import { tellAfter } from './after.ts';
import { tellBefore } from './before.ts';
import { elasticConfig } from './config.ts';
import { mintTokens, tellHttp } from './http.ts';
import { tellLaterTable } from './later-table.ts';
import { tellPremium } from './premium.ts';
import { tellSetup } from './setup.ts';

/** What a telling of the story has besides what every one has. */
export interface Telling {
  /** Whether a table is added later. */
  readonly laterTable: boolean;
  /** Done while everything still runs. */
  readonly atTheEnd: (stage: Stage, service: Service, tokens: readonly Token[]) => Promise<void>;
}

/** Tells the story of the elastic database tools' sample, from servers that start to servers that are gone. Throws `NotAsTold`. */
export async function tellElastic(narrator: Narrator, { laterTable, atTheEnd }: Telling): Promise<void> {
  const stage = await createStage({ config: elasticConfig, servers: 2, database: 'blogging' });
  try {
    await tellBefore(stage, narrator);
    await tellSetup(stage, narrator);
    Object.assign(process.env, stage.environment);
    const tenantry = await createTenantry(elasticConfig);
    try {
      await tellAfter(stage, tenantry, narrator);
      await tellPremium(stage, tenantry, narrator);
      if (laterTable) await tellLaterTable(stage, tenantry, narrator);
    } finally {
      await tenantry.close();
    }
    const service = await startService(stage);
    try {
      const tokens = await mintTokens(stage);
      await tellHttp(service, tokens, narrator);
      await atTheEnd(stage, service, tokens);
    } finally {
      await service.stop();
    }
  } finally {
    await stage.close();
  }
}
