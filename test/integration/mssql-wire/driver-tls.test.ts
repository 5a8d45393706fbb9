import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { createAuthority, type CertificateAuthority } from '../../support/certificates.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { openPool } from '../../support/tds/pool.ts';
import { startTdsServer, type TdsServer, type TdsTls } from '../../support/tds/server.ts';

/* How the driver encrypts: what a configuration must say so that only the named authority is believed. */

const opened: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

async function serve(authority: CertificateAuthority, begins: TdsTls['begins'], names = 'DNS:localhost'): Promise<TdsServer> {
  const { certificateFile, keyFile } = await authority.sign(names);
  const tls = { begins, certificate: readFileSync(certificateFile), key: readFileSync(keyFile) };
  const server = await startTdsServer({ request: (_request, answer) => answer.rows({ n: 'int' }, [[1]]) }, { tls });
  opened.push(server);
  return server;
}

describeNeeding('openssl', 'encryption by the driver', () => {
  test.each([
    ['strict', 'at once'],
    [true, 'in prelogin'],
  ] as const)('encrypt: %s with a named authority: everything after the handshake is encrypted', async (encrypt, begins) => {
    const authority = await createAuthority('the one');
    const server = await serve(authority, begins);
    const options = { encrypt, serverName: 'localhost', cryptoCredentialsDetails: { ca: authority.certificate } };
    const pool = await openPool(server, { server: 'localhost', options });
    opened.push(pool);
    expect((await pool.request().query('select 1')).recordset).toEqual([{ n: 1 }]);
    expect(server.recording.of('secure')).toHaveLength(2);
    expect(server.recording.requests()).toMatchObject([{ text: 'select 1' }]);
  });

  test.each([
    ['strict', 'at once'],
    [true, 'in prelogin'],
  ] as const)(
    'encrypt: %s refuses a certificate of another authority, and one of another name, before the login is sent',
    async (encrypt, begins) => {
      const authority = await createAuthority('the one');
      const other = await createAuthority('another');
      for (const server of [await serve(other, begins), await serve(authority, begins, 'DNS:elsewhere')]) {
        const options = { encrypt, serverName: 'localhost', cryptoCredentialsDetails: { ca: authority.certificate } };
        await expect(openPool(server, { server: 'localhost', options })).rejects.toMatchObject({ code: 'ESOCKET' });
        expect(server.recording.of('login')).toEqual([]);
      }
    },
  );
});
