import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';

describe('a database URL', () => {
  test.each([
    ['postgres://u:p@db.example/x', { host: 'db.example', port: 5432, database: 'x', tls: 'verify-full' }],
    ['postgresql://u:p@db.example:6000/x?sslmode=disable', { host: 'db.example', port: 6000, database: 'x', tls: 'disable' }],
    ['postgres://u:p@localhost/x', { host: 'localhost', port: 5432, database: 'x', tls: 'disable' }],
    ['postgres://u:p@127.0.0.1:1/My%20Shop', { host: '127.0.0.1', port: 1, database: 'My Shop', tls: 'disable' }],
    ['postgres://u:p@[::1]:5433/x?sslmode=require', { host: '::1', port: 5433, database: 'x', tls: 'require' }],
  ])('%s says where the database is', (text, address) => {
    expect(parseDatabaseUrl('postgres', text)).toEqual({
      address: { engine: 'postgres', ...address },
      login: { user: 'u', password: 'p' },
    });
  });

  test('gives user and password as they are', () => {
    expect(parseDatabaseUrl('postgres', 'postgres://a%40b:p%2Fw%23%25@localhost/x')).toMatchObject({
      login: { user: 'a@b', password: 'p/w#%' },
    });
  });

  const form =
    'is not a URL of the form postgres://user:password@host:port/database?sslmode=verify-full (other characters than letters and digits in user and password are percent-encoded)';
  test.each([
    ['no URL', 's3cret', form],
    ['another scheme', 'mysql://u:s3cret@h/x', form],
    ['a port beyond 65535', 'postgres://u:s3cret@h:65536/x', form],
    ['a password with a bare #', 'postgres://u:s3#cret@h/x', form],
    ['port 0', 'postgres://u:s3cret@h:0/x', 'has port 0; allowed are 1 to 65535'],
    ['no user', 'postgres://:s3cret@h/x', 'needs a user name, percent-encoded where it is not letters and digits'],
    ['no password', 'postgres://u@h/x', 'needs a password, percent-encoded where it is not letters and digits'],
    ['a password with a lone %', 'postgres://u:s3cret%@h/x', 'needs a password, percent-encoded where it is not letters and digits'],
    ['no host', 'postgres://u:s3cret@/x', form],
    ['two hosts', 'postgres://u:s3cret@a,b/x', 'has a host that is neither a host name nor an IP address'],
    ['a host name with a bad letter', 'postgres://u:s3cret@sh$op/x', 'has a host that is neither a host name nor an IP address'],
    ['a label of 64 letters', `postgres://u:s3cret@${'a'.repeat(64)}/x`, 'has a host that is neither a host name nor an IP address'],
    ['an address with a number too large', 'postgres://u:s3cret@10.0.0.256/x', 'has a host that is neither a host name nor an IP address'],
    ['no database', 'postgres://u:s3cret@h', 'needs the name of one database after the host'],
    ['a password with a bare /', 'postgres://u:12/s3cret@h/x', 'needs a user name, percent-encoded where it is not letters and digits'],
    ['a path', 'postgres://u:s3cret@h/x/y', 'needs the name of one database after the host'],
    ['a fragment', 'postgres://u:s3cret@h/x#y', 'has a part after #, which means nothing here'],
    [
      'another parameter',
      'postgres://u:s3cret@h/x?ssl=true',
      'allows one parameter, sslmode, which is one of disable, require, verify-full, strict',
    ],
    [
      'an unsafe mode',
      'postgres://u:s3cret@h/x?sslmode=prefer',
      'allows one parameter, sslmode, which is one of disable, require, verify-full, strict',
    ],
    [
      'the mode twice',
      'postgres://u:s3cret@h/x?sslmode=disable&sslmode=require',
      'allows one parameter, sslmode, which is one of disable, require, verify-full, strict',
    ],
  ])('with %s is refused without repeating any of it', (_title, text, problem) => {
    expect(parseDatabaseUrl('postgres', text)).toEqual({ problem });
  });
});
