import { createTenantry, sql } from '../../../src/index.ts';
import { bareQuery } from '../bare-query.ts';
import { command } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';
import { secureApiConfig } from './config.ts';
import { hashOf } from './setup.ts';

/** The stored procedure that gives rows and what belongs to them as one JSON document: it runs under the same policies. */
export async function tellProcedure(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('A stored procedure that returns JSON');
  await bareQuery(stage.url(), 'grant execute on function "GetEvenMoreSensitiveData"() to tenantry_app');
  // A function that tenants may call is part of what protects them: it is accepted, or they are not served.
  await command(stage, narrator, 'policy apply');
  Object.assign(process.env, stage.environment);
  const tenantry = await createTenantry(secureApiConfig);
  try {
    const call = sql`select "GetEvenMoreSensitiveData"() as "json"`;
    const as = async (user: string): Promise<unknown> => {
      narrator.code(
        `tenantry.query(1, sql\`select "GetEvenMoreSensitiveData"() as "json"\`, { context: { userHashId: '${hashOf(user).slice(0, 12)}…' } })`,
      );
      const { rows } = await tenantry.query<{ json: unknown }>(1, call, { context: { userHashId: hashOf(user) } });
      narrator.answer([JSON.stringify(rows[0]?.json)]);
      return rows[0]?.json;
    };
    narrator.check('Called for John it gives John, with what is his', await as('john.doe'), [
      { Id: 2, FirstName: 'John', LastName: 'Doe', EvenMore: [100, 200] },
    ]);
    narrator.check('Called for somebody without permissions it gives an empty document', await as('jin.doe'), []);
  } finally {
    await tenantry.close();
  }
  narrator.say('The data API exposes tables, no procedures yet: this one is called by a program that uses the library.');
}
