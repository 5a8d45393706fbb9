import pg from 'pg';

/** A user and password of a server. */
interface Login {
  readonly user: string;
  readonly password: string;
}

/** Where databases can be made, and by whom. */
export interface PostgresAccess {
  readonly host: string;
  readonly port: number;
  /** A superuser of the server. */
  readonly user: string;
  readonly password: string;
  /** Address of a database, with the superuser's user and password unless others are given; `postgres` by default. */
  url(database?: string, login?: Login): string;
  /** Creates an empty database and gives its address. */
  createDatabase(name: string): Promise<string>;
  /** Ends the server and removes all of it (or, where it is not ours, the databases that were created). May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Address of a database of a server. */
export function postgresUrl(
  { host, port }: { readonly host: string; readonly port: number },
  database: string,
  { user, password }: Login,
): string {
  const url = new URL(`postgresql://${host}:${port}`);
  url.username = user;
  url.password = password;
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

/** Creates an empty database through a superuser's address. */
export async function createDatabase(superuserUrl: string, name: string): Promise<void> {
  await run(superuserUrl, `create database ${pg.escapeIdentifier(name)}`);
}

async function dropDatabase(superuserUrl: string, name: string): Promise<void> {
  await run(superuserUrl, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A server that somebody else runs, by a superuser's address. `stop` drops the databases that were created through it. */
export function foreignPostgres(address: string): PostgresAccess {
  const { hostname: host, port, username, password } = new URL(address);
  const superuser = { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  const place = { host, port: Number(port || 5432) };
  const created: string[] = [];
  const stop = async (): Promise<void> => {
    for (const name of created.splice(0)) await dropDatabase(address, name);
  };
  return {
    ...place,
    ...superuser,
    url: (database = 'postgres', login = superuser) => postgresUrl(place, database, login),
    createDatabase: async (name) => {
      await createDatabase(address, name);
      created.push(name);
      return postgresUrl(place, name, superuser);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
