import type { Narrator } from '../narrator.ts';
import { column, field, get, type Service, type Token } from '../service.ts';
import type { Stage } from '../stage.ts';
import { blogOf } from './before.ts';

/** Tokens of tenants 1 and 3. */
export async function mintTokens(stage: Stage): Promise<readonly [Token, Token]> {
  const mint = async (tenant: number): Promise<Token> => ({
    variable: `TOKEN${tenant}`,
    text: (await stage.tenantry(`token mint ${tenant}`)).out,
  });
  return [await mint(1), await mint(3)];
}

/** The same rows over HTTP, with two real tokens. */
export async function tellHttp(service: Service, [one, three]: readonly [Token, Token], narrator: Narrator): Promise<void> {
  narrator.chapter('The same over HTTP, with two real tokens');
  narrator.code('tenantry serve &');
  narrator.code(`TOKEN1=$(tenantry token mint 1)   TOKEN3=$(tenantry token mint 3)`);
  const list1 = await get(service, narrator, '/v1/Blogs', one);
  narrator.check('Tenant 1 gets its two blogs', column(list1, 'Name'), [blogOf(1), 'Ann on Ants']);
  const list3 = await get(service, narrator, '/v1/Blogs', three);
  narrator.check('Tenant 3 gets its own', column(list3, 'Name'), [blogOf(3)]);
  const foreign = await get(service, narrator, '/v1/Blogs/2', three);
  narrator.check('A row of tenant 1’s is not found by tenant 3', [foreign.status, field(foreign, 'code')], [404, 'NOT_FOUND']);
  const none = await get(service, narrator, '/v1/Blogs');
  narrator.check('Without a token: 401', [none.status, field(none, 'code')], [401, 'UNAUTHENTICATED']);
}
