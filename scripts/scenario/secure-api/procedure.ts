import { bareQuery } from '../bare-query.ts';
import type { Narrator } from '../narrator.ts';
import { field, post, startService, type Token } from '../service.ts';
import type { Stage } from '../stage.ts';
import { secureApiConfig } from './config.ts';
import { mint } from './tokens.ts';

const path = '/v1/procedures/GetEvenMoreSensitiveData';

/** The stored procedure that gives rows and what belongs to them as one JSON document: it runs under the same policies. */
export async function tellProcedure(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('A stored procedure that returns JSON');
  narrator.answer(JSON.stringify(secureApiConfig.procedures, null, 2).split('\n'));
  const mayCall = `select has_function_privilege('"GetEvenMoreSensitiveData"()', 'execute') as "may"`;
  narrator.check('The API’s login may call it, because the configuration names it', await bareQuery(stage.url('app'), mayCall), [
    { may: true },
  ]);
  const [john, stranger] = [
    await mint(stage, narrator, 'JOHN', '--subject john.doe'),
    await mint(stage, narrator, 'JIN', '--subject jin.doe'),
  ];
  const service = await startService(stage);
  try {
    const as = async (token?: Token) => await post(service, narrator, path, {}, token);
    narrator.check('Called for John it gives John, with what is his', (await as(john)).body, [
      { Id: 2, FirstName: 'John', LastName: 'Doe', EvenMore: [100, 200] },
    ]);
    narrator.check('Called for somebody without permissions it gives an empty document', (await as(stranger)).body, []);
    const unknown = await post(service, narrator, path, { UserHashId: 'x' }, john);
    narrator.check(
      'Whose rows are meant is the token’s to say: a parameter for it is refused',
      [unknown.status, field(unknown, 'code')],
      [400, 'INVALID_REQUEST'],
    );
    const nobody = await as();
    narrator.check('Without a token nobody calls it', [nobody.status, field(nobody, 'code')], [401, 'UNAUTHENTICATED']);
  } finally {
    await service.stop();
  }
}
