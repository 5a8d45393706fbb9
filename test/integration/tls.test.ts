import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTo, createServer, type AddressInfo, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { encodeInt } from '../../shardmap/key-encoding.ts';
import type { ServerTrust } from '../../src/core/server-trust.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { compileSql } from '../../src/core/compile-sql.ts';
import { sql, type Sql } from '../../src/core/sql.ts';
import type { EngineConnection } from '../../src/engine/engine.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { createAuthority, type CertificateAuthority } from '../support/certificates.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { createTestShard, shardLogins, type TestShard } from '../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { startWireProxy } from '../support/wire-proxy.ts';
import { expectationsOf } from '../support/shard-expectations.ts';

const engine = createPostgresEngine();
const token = randomBytes(16);
const entry = { mappingId: 1, key: encodeInt(1), epoch: 1, token };
const compiled = (statement: Sql) => compileSql(statement, engine.dialect);

/** A server and what its certificate says. */
interface Certified {
  readonly by: 'trusted' | 'stranger';
  readonly names: string;
}

/** First byte of a TLS handshake. */
const handshake = 0x16;

describeNeeding('openssl', 'TLS', () => {
  let authorities: Readonly<Record<Certified['by'], CertificateAuthority>>;
  const servers: PostgresServer[] = [];
  let server: PostgresServer;
  let shard: TestShard;

  beforeAll(async () => {
    const [trusted, stranger] = await Promise.all([createAuthority('trusted'), createAuthority('stranger')]);
    authorities = { trusted, stranger };
    trust(trusted);
    server = await start({ by: 'trusted', names: 'DNS:localhost' });
    shard = await createTestShard(server, 'encrypted');
    await shard.admin.query(
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (1, 'point', ${entry.key}, 'ONLINE', 1, ${token})`,
    );
  });
  afterAll(async () => {
    trust();
    await shard?.close();
    await Promise.all(servers.map((each) => each.stop()));
  });

  /** An older server wants to be asked for TLS in words of its own first. */
  async function needTlsAtOnce({ skip }: TestContext): Promise<void> {
    const { rows } = await shard.root.query(sql`select current_setting('server_version_num')::integer as version`);
    skip(Number(rows[0]?.['version']) < 170_000, 'PostgreSQL before 17 takes no session that begins with TLS');
  }

  /** Trusts these authorities besides those that Node brings, as NODE_EXTRA_CA_CERTS does from the start of a process. */
  function trust(...own: readonly CertificateAuthority[]): void {
    setDefaultCACertificates([...getCACertificates('bundled'), ...own.map(({ certificate }) => certificate)]);
  }

  async function start(certified?: Certified): Promise<PostgresServer> {
    const files = certified && (await authorities[certified.by].sign(certified.names));
    const settings = files && { ssl: true, ssl_cert_file: files.certificateFile, ssl_key_file: files.keyFile };
    const started = await startPostgres(settings === undefined ? {} : { settings });
    servers.push(started);
    return started;
  }

  /** Connects to the shard for tenant traffic; the test closes it. */
  async function connect(address: Partial<ShardAddress>): Promise<EngineConnection> {
    const connection = await engine.connect({ ...shard.address, ...address }, shardLogins.app, expectationsOf(shard));
    onTestFinished(() => connection.close());
    return connection;
  }

  /** Whether the session of a connection is encrypted, as the server has it. */
  async function isEncrypted(connection: EngineConnection): Promise<unknown> {
    const options = { readOnly: true, timeoutMs: 10_000 };
    const { rows } = await connection.execute(entry, compiled(sql`select pg_backend_pid() as pid`), options);
    return (await shard.root.query(sql`select ssl from pg_stat_ssl where pid = ${rows[0]!['pid'] as number}`)).rows[0]?.['ssl'];
  }

  /** Messages by which clients begin, of all connections through a proxy, and the first piece that is opaque. */
  async function listen(to: PostgresServer): Promise<{ port: number; beginnings: string[] }> {
    const proxy = await startWireProxy(to);
    onTestFinished(() => proxy.close());
    const beginnings: string[] = [];
    let answered = false;
    void proxy.once({
      when: 'before',
      match: ({ side, type, bytes }) => {
        if (type === 'encryption answer') answered = true;
        else if (side === 'frontend' && type !== 'bytes') beginnings.push(type);
        else if (side === 'frontend' && answered) {
          answered = false;
          beginnings.push(bytes[0] === handshake ? 'handshake' : 'something in the clear');
        }
        return false;
      },
      action: () => undefined,
    });
    return { port: proxy.port, beginnings };
  }

  it('verify-full: a server of the named authority and the right name serves, encrypted', async () => {
    const connection = await connect({ host: 'localhost', tls: 'verify-full' });
    expect(await isEncrypted(connection)).toBe(true);
    const database = engine.open({ ...shard.address, host: 'localhost', tls: 'verify-full' }, server);
    expect((await database.query(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)).rows).toEqual([{ ssl: true }]);
    await database.close();
  });

  it('verify-full holds for an address that is a number', async () => {
    const numbered = await start({ by: 'trusted', names: 'IP:127.0.0.1' });
    const database = engine.open({ ...shard.address, port: numbered.port, database: 'postgres', tls: 'verify-full' }, numbered);
    expect((await database.query(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)).rows).toEqual([{ ssl: true }]);
    await database.close();
  });

  it.each<[title: string, certified: Certified | undefined, tls: ShardAddress['tls'], host: string, reason: RegExp]>([
    ['verify-full: another name', { by: 'trusted', names: 'DNS:elsewhere.example' }, 'verify-full', 'localhost', /does not match/],
    ['verify-full: a name where the address is a number', { by: 'trusted', names: 'DNS:localhost' }, 'verify-full', '127.0.0.1', /IP/],
    ['verify-full: another authority', { by: 'stranger', names: 'DNS:localhost' }, 'verify-full', 'localhost', /certificate/],
    ['verify-full: no TLS', undefined, 'verify-full', 'localhost', /does not support SSL/],
    ['require: no TLS', undefined, 'require', 'localhost', /does not support SSL/],
  ])('refuses a server that has %s, and tells it nothing', async (_title, certified, tls, host, reason) => {
    const { port, beginnings } = await listen(await start(certified));
    const refused = { code: 'SHARD_UNAVAILABLE', cause: { message: expect.stringMatching(reason) as string } };
    await expect(connect({ host, port, tls })).rejects.toMatchObject(refused);
    const database = engine.open({ ...shard.address, host, port, tls }, shardLogins.admin);
    await expect(database.query(sql`select 1`)).rejects.toMatchObject(refused);
    await database.close();
    const told = certified === undefined ? ['encryption request'] : ['encryption request', 'handshake'];
    expect(beginnings).toEqual([...told, ...told]);
  });

  describe('an authority and a name that the configuration says', () => {
    const open = (address: Partial<ShardAddress>, believed: ServerTrust): SqlDatabase => {
      const login = { user: server.user, password: server.password, trust: believed };
      const database = engine.open({ ...shard.address, ...address }, login);
      onTestFinished(() => database.close());
      return database;
    };
    const isServed = async (database: SqlDatabase): Promise<unknown> =>
      (await database.query(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)).rows[0]?.['ssl'];

    it.for(['verify-full', 'strict'] as const)('%s: the named authority alone is believed', async (tls, context) => {
      if (tls === 'strict') await needTlsAtOnce(context);
      const { stranger, trusted } = authorities;
      expect(await isServed(open({ host: 'localhost', tls }, { ca: trusted.certificate, serverNames: {} }))).toBe(true);
      await expect(isServed(open({ host: 'localhost', tls }, { ca: stranger.certificate, serverNames: {} }))).rejects.toMatchObject({
        code: 'SHARD_UNAVAILABLE',
        detail: expect.stringContaining('is of an authority that is not trusted here; tls.ca can name it.') as string,
      });
    });

    it.for(['verify-full', 'strict'] as const)('%s: the named certificate is the one that is taken', async (tls, context) => {
      if (tls === 'strict') await needTlsAtOnce(context);
      const named = (name: string): ServerTrust => ({ serverNames: { '127.0.0.1': name } });
      expect(await isServed(open({ host: '127.0.0.1', tls }, named('localhost')))).toBe(true);
      await expect(isServed(open({ host: '127.0.0.1', tls }, named('elsewhere.example')))).rejects.toMatchObject({
        detail: expect.stringContaining('is for another name than elsewhere.example') as string,
      });
    });
  });

  it('strict: TLS begins at once, for sessions and for cancel requests', async (context) => {
    await needTlsAtOnce(context);
    const firstBytes: (number | undefined)[] = [];
    const sockets = new Set<Socket>();
    const between = createServer((socket) => {
      const onward = connectTo(server.port, server.host);
      for (const each of [socket, onward]) sockets.add(each.on('error', () => undefined));
      socket.once('data', (bytes: Buffer) => firstBytes.push(bytes[0]));
      socket.pipe(onward).pipe(socket);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      between.close();
    });
    await once(between, 'listening');
    const connection = await connect({ host: 'localhost', port: (between.address() as AddressInfo).port, tls: 'strict' });
    expect(await isEncrypted(connection)).toBe(true);
    const running = connection.execute(entry, compiled(sql`select pg_sleep(60)`), { readOnly: true, timeoutMs: 300 });
    await expect(running).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'not-run' });
    expect(connection.usable).toBe(true);
    // A cancel request is made again while the statement goes on, as it may on a busy server.
    expect(firstBytes.length).toBeGreaterThanOrEqual(2);
    expect(new Set(firstBytes)).toEqual(new Set([handshake]));
  });

  it('strict is refused by a server that does not encrypt', async () => {
    const plain = await start();
    await expect(connect({ host: 'localhost', port: plain.port, tls: 'strict' })).rejects.toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      detail: expect.stringContaining('does not begin with TLS, as strict wants it') as string,
    });
  });

  it('require encrypts, whoever the server is', async () => {
    trust();
    onTestFinished(() => trust(authorities.trusted));
    expect(await isEncrypted(await connect({ host: '127.0.0.1', tls: 'require' }))).toBe(true);
  });

  it.each<[ShardAddress['tls'], string]>([
    ['verify-full', 'localhost'],
    ['require', '127.0.0.1'],
  ])('%s to %s: a cancel request is encrypted as the session is, and ends the statement', async (tls, host) => {
    const warnings: string[] = [];
    const warned = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const { port, beginnings } = await listen(server);
    const connection = await connect({ host, port, tls });
    expect(beginnings).toEqual(['encryption request', 'handshake']);
    const caller = new AbortController();
    const running = connection.execute(entry, compiled(sql`select pg_sleep(60)`), {
      readOnly: false,
      timeoutMs: 60_000,
      signal: caller.signal,
    });
    const sleeping = sql`select 1 from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and usename = 'shop_app'`;
    await expect.poll(async () => (await shard.root.query(sleeping)).rowCount).toBe(1);
    caller.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'not-run' });
    // A cancel request is made again while the statement goes on, as it may on a busy server.
    expect(beginnings.length).toBeGreaterThanOrEqual(4);
    expect(new Set(beginnings)).toEqual(new Set(['encryption request', 'handshake']));
    expect(connection.usable).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('a cancel request is not sent to a server that cannot be verified: the connection is given up', async () => {
    const connection = await connect({ host: 'localhost', tls: 'verify-full' });
    trust(authorities.stranger);
    onTestFinished(() => trust(authorities.trusted));
    const running = connection.execute(entry, compiled(sql`select pg_sleep(60)`), { readOnly: false, timeoutMs: 100 });
    await expect(running).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
    expect(connection.usable).toBe(false);
  });
});
