import { bareQuery } from '../bare-query.ts';
import { command } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import { column, field, get, startService, type Service, type Token } from '../service.ts';
import type { Stage } from '../stage.ts';
import { secureApiConfig } from './config.ts';
import { hashOf } from './setup.ts';
import { mint } from './tokens.ts';

const ofPerson = '/v1/SensitiveData';
const more = '/v1/EvenMoreSensitiveData';

/** The same requests with the policies off and on. */
export async function tellHttp(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('The API, with the policies off');
  const [jane, john, stranger] = [
    await mint(stage, narrator, 'JANE', '--subject jane.dean'),
    await mint(stage, narrator, 'JOHN', '--subject john.doe'),
    await mint(stage, narrator, 'NOBODY', ''),
  ] as const;
  await serving(stage, async (service) => {
    const rows = await get(service, narrator, ofPerson, john);
    narrator.check('John sees everybody’s data, as anybody of tenant 1 does, and none of tenant 2’s', column(rows, 'FirstName'), [
      'Jane',
      'John',
    ]);
    const children = await get(service, narrator, more, john);
    narrator.check('… and all that belongs to it', column(children, 'SomeData1'), [10, 20, 30, 100, 200]);
  });

  narrator.chapter('The policies on');
  narrator.answer(JSON.stringify(secureApiConfig.policies, null, 2).split('\n'));
  await stage.configure(secureApiConfig);
  await command(stage, narrator, 'policy apply');
  await serving(stage, async (service) => {
    await tellUsers(stage, service, narrator, { jane, john, stranger });
    await tellBadTokens(service, narrator, john);
  });
}

interface Tokens {
  readonly jane: Token;
  readonly john: Token;
  readonly stranger: Token;
}

async function tellUsers(stage: Stage, service: Service, narrator: Narrator, { jane, john, stranger }: Tokens): Promise<void> {
  const seen = async (token: Token): Promise<unknown[]> => [
    column(await get(service, narrator, ofPerson, token), 'FirstName'),
    column(await get(service, narrator, more, token), 'SomeData1'),
  ];
  narrator.check('John sees his own, and what belongs to it', await seen(john), [['John'], [100, 200]]);
  narrator.check('Jane sees hers', await seen(jane), [['Jane'], [10, 20, 30]]);
  narrator.check('A token that names no user shows nothing', await seen(stranger), [[], []]);
  const denied = await get(service, narrator, `${ofPerson}/1`, john);
  narrator.check('HasAccess = 0 denies: for John there is no row 1', [denied.status, field(denied, 'code')], [404, 'NOT_FOUND']);
  const child = await get(service, narrator, `${more}/1`, john);
  narrator.check('… nor anything that belongs to it', [child.status, field(child, 'code')], [404, 'NOT_FOUND']);
  await tellAccess(stage, service, narrator, john);
}

/** Rights are rows: a change of one counts from the next request on. */
async function tellAccess(stage: Stage, service: Service, narrator: Narrator, john: Token): Promise<void> {
  const setAccess = async (hasAccess: boolean): Promise<void> => {
    const change = `update "SensitiveDataPermissions" set "HasAccess" = ${hasAccess} where "SensitiveDataId" = 1 and "UserHashId" = '${hashOf('john.doe')}'`;
    await bareQuery(stage.url(), change);
  };
  await setAccess(true);
  const shown = await get(service, narrator, ofPerson, john);
  narrator.check('With 1 in its place John sees row 1, too', column(shown, 'FirstName'), ['Jane', 'John']);
  await setAccess(false);
  const hidden = await get(service, narrator, ofPerson, john);
  narrator.check('… and with 0 again no longer', column(hidden, 'FirstName'), ['John']);
  const body = JSON.stringify({ UserHashId: 'x', SensitiveDataId: 1, HasAccess: true });
  const headers = { authorization: `Bearer ${john.text}`, 'content-type': 'application/json' };
  const granted = await fetch(`${service.api}/v1/SensitiveDataPermissions`, { method: 'POST', headers, body });
  await granted.body?.cancel();
  narrator.check('John, who is no administrator, cannot grant access either', granted.status, 403);
}

async function tellBadTokens(service: Service, narrator: Narrator, token: Token): Promise<void> {
  const [head, , signature] = token.text.split('.');
  const claims = Buffer.from(JSON.stringify({ ...claimsOf(token), sub: 'jane.dean' })).toString('base64url');
  const forged = await get(service, narrator, ofPerson, { variable: 'FORGED', text: [head, claims, signature].join('.') });
  narrator.check('John’s token with Jane’s name written into it: 401', [forged.status, field(forged, 'code')], [401, 'UNAUTHENTICATED']);
  const none = await get(service, narrator, ofPerson);
  narrator.check('No token at all: 401', [none.status, field(none, 'code')], [401, 'UNAUTHENTICATED']);
}

function claimsOf({ text }: Token): object {
  return JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as object;
}

async function serving(stage: Stage, work: (service: Service) => Promise<void>): Promise<void> {
  const service = await startService(stage);
  try {
    await work(service);
  } finally {
    await service.stop();
  }
}
