import { expect, test } from 'vitest';
import { bearerToken } from '../../../src/http/auth/bearer-token.ts';

const longest = 'a'.repeat(8_192);

test.each([
  ['Bearer a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
  ['bearer   abc', 'abc'],
  ['BEARER abc', 'abc'],
  [`Bearer ${longest}`, longest],
])('the token of %j', (authorization, token) => {
  expect(bearerToken(authorization)).toBe(token);
});

test.each([
  [null, 'Send an access token: Authorization: Bearer <token>.'],
  [`Bearer ${longest}a`, 'The token is longer than 8192 characters.'],
  ...[
    '',
    'abc',
    'Bearer',
    'Bearer ',
    'Basic abc',
    'Bearer a,b',
    'Bearer a, Bearer b',
    'Bearer a b',
    'x Bearer a',
    'Bearer a=b',
    'Bearer ä',
  ].map((authorization): [string, string] => [authorization, 'The Authorization header must be one bearer token.']),
])('%j holds none', (authorization, detail) => {
  expect(() => bearerToken(authorization)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED', detail }));
});
