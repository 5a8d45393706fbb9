import dns, { type LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { connect as connectTo, createServer, type Socket } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TenantryError } from '../../../src/core/errors.ts';
import type { ServerTrust } from '../../../src/core/server-trust.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { sql } from '../../../src/core/sql.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { createAuthority, type CertificateAuthority } from '../../support/certificates.ts';
import { startCertifiedTds, type Certified } from '../../support/certified-tds.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { startTdsServer, type TdsServer } from '../../support/tds/server.ts';

interface Place {
  readonly port: number;
  readonly host?: string;
  readonly tls: ShardAddress['tls'];
  readonly trust?: ServerTrust;
}

/** The first statement of the program's own at an address: what it gives, or why it cannot be. */
async function ask({ port, host = 'localhost', tls, trust }: Place): Promise<unknown> {
  const login = { user: 'app', password: 'a secret password', ...(trust === undefined ? {} : { trust }) };
  const database = createMssqlEngine().open({ engine: 'mssql', host, port, database: 'shop', tls }, login, { connectTimeoutMs: 20_000 });
  onTestFinished(() => database.close());
  return await database.query(sql`select n from t`).then(
    ({ rows }) => rows,
    ({ code, detail, outcome }: TenantryError) => ({ code, detail, outcome }),
  );
}

type LookupDone = (error: null, addresses: LookupAddress[]) => void;

const unavailable = (detail: string) => ({ code: 'SHARD_UNAVAILABLE', detail, outcome: 'not-run' });
const served = [{ n: 1 }];

describeNeeding('openssl', 'TLS', () => {
  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  let trust: ServerTrust;

  beforeAll(async () => {
    [authority, stranger] = await Promise.all([createAuthority('the one'), createAuthority('a stranger')]);
    trust = { ca: authority.certificate, serverNames: {} };
  });

  async function serve(certified: Partial<Certified> = {}): Promise<TdsServer> {
    const server = await startCertifiedTds({ by: authority, ...certified });
    onTestFinished(() => server.close());
    return server;
  }

  describe.each([
    ['verify-full', 'in prelogin'],
    ['strict', 'at once'],
  ] as const)('%s', (tls, begins) => {
    test('a server of the named authority and of its name serves, and only after the handshake it is told anything', async () => {
      const server = await serve({ begins });
      expect(await ask({ port: server.port, tls, trust })).toEqual(served);
      expect(server.recording.of('secure')).toHaveLength(1);
      const order = server.recording.events.flatMap((event) =>
        event.kind === 'secure' ? ['secure'] : event.kind === 'packet' && event.from === 'client' ? [event.type] : [],
      );
      expect(order.slice(0, 3)).toEqual(tls === 'strict' ? ['secure', 'PRELOGIN', 'LOGIN7'] : ['PRELOGIN', 'secure', 'LOGIN7']);
    });

    test('a server reached by a number serves, where its certificate has the number, or the name that is said of it', async () => {
      const [numbered, named] = [await serve({ begins, names: 'IP:127.0.0.1' }), await serve({ begins, names: 'DNS:sql.example' })];
      expect(await ask({ host: '127.0.0.1', port: numbered.port, tls, trust })).toEqual(served);
      const serverNames = { '127.0.0.1': 'sql.example' };
      expect(await ask({ host: '127.0.0.1', port: named.port, tls, trust: { ...trust, serverNames } })).toEqual(served);
    });

    test.each<[string, () => Promise<TdsServer>, string]>([
      ['of another authority', () => serve({ begins, by: stranger }), 'is of an authority that is not trusted here; tls.ca can name it.'],
      [
        'of another name',
        () => serve({ begins, names: 'DNS:elsewhere' }),
        'is for another name than localhost; tls.serverNames can say which it has.',
      ],
      ['that has expired', () => serve({ begins, validity: 'over' }), 'has expired.'],
    ])('a certificate %s is refused, and nobody logs in', async (_title, start, why) => {
      const server = await start();
      expect(await ask({ port: server.port, tls, trust })).toEqual(unavailable(`The certificate of localhost:${server.port} ${why}`));
      expect(server.recording.of('login')).toEqual([]);
    });

    test('without a named authority, those of Node are believed, and no other', async () => {
      const server = await serve({ begins });
      expect(await ask({ port: server.port, tls })).toMatchObject({ detail: expect.stringContaining('is not trusted here') });
      expect(server.recording.of('login')).toEqual([]);
    });
  });

  test('strict is refused by a server that does not begin with TLS, and verify-full by one that does not encrypt: nobody logs in', async () => {
    const inPrelogin = await serve();
    await using inTheClear = await startTdsServer({ request: () => undefined });
    expect(await ask({ port: inPrelogin.port, tls: 'strict', trust })).toEqual(
      unavailable(
        `What is at localhost:${inPrelogin.port} does not begin with TLS, as strict wants it: SQL Server 2022, Azure SQL and PostgreSQL 17 do, for others there is verify-full.`,
      ),
    );
    expect(await ask({ port: inTheClear.port, tls: 'verify-full', trust })).toEqual(
      unavailable(`The server at localhost:${inTheClear.port} does not encrypt, and its address says verify-full.`),
    );
    expect([...inPrelogin.recording.of('login'), ...inTheClear.recording.of('login')]).toEqual([]);
    await inPrelogin.close().catch(() => undefined);
  });

  test('only an address that says require takes any certificate', async () => {
    const server = await serve({ by: stranger, names: 'DNS:elsewhere' });
    expect(await ask({ port: server.port, tls: 'require', trust })).toEqual(served);
  });

  test('a server that takes encrypted connections alone refuses an address that says disable', async () => {
    const server = await serve();
    expect(await ask({ port: server.port, tls: 'disable', trust })).toEqual(
      unavailable(`The server at localhost:${server.port} takes encrypted connections alone, and its address says disable.`),
    );
    expect(server.recording.of('login')).toEqual([]);
  });
});

describe('a name that stands for several addresses', () => {
  test('MultiSubnetFailover: all of them are tried at once, and not one after another', async () => {
    await using server = await startTdsServer({ request: (_request, answer) => answer.rows({ n: 'int' }, [[1]]) });
    // The second address leads to the same server; whichever connects first is used.
    const came: Socket[] = [];
    const second = createServer((socket) => {
      came.push(socket.on('error', () => undefined));
      socket.pipe(connectTo(server.port, '127.0.0.1').on('error', () => socket.destroy())).pipe(socket);
    }).listen(server.port, '127.0.0.2');
    await once(second, 'listening');
    const resolved: LookupAddress[] = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
    const lookup = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((_name: string, _options: unknown, done: LookupDone) => done(null, resolved)) as never);
    onTestFinished(() => {
      lookup.mockRestore();
      for (const socket of came) socket.destroy();
      second.close();
    });
    expect(await ask({ host: 'listener.example', port: server.port, tls: 'disable' })).toEqual(served);
    await expect.poll(() => came.length).toBeGreaterThan(0);
  });
});
