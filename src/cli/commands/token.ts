import { type Command, InvalidArgumentError } from 'commander';
import { SignJWT } from 'jose';
import { TenantryError } from '../../core/errors.ts';
import type { IssuerSettings } from '../../config.ts';
import { tenantKeyFromText } from '../../../shardmap/key.ts';
import { addCommand, type CliWorld } from '../command.ts';

interface MintOptions {
  readonly issuer?: string;
  readonly subject?: string;
  readonly expires: number;
}

/** `tenantry token mint`: tokens to try the HTTP API with, of an issuer that the configuration marks as development. */
export function addTokenCommands(program: Command, world: CliWorld): void {
  const token = program.command('token').description('tokens for development');
  addCommand<MintOptions>(
    token,
    world,
    {
      usage: 'mint <tenant>',
      summary: "print a token for a tenant, signed with a development issuer's key",
      examples: ['token mint 42', 'token mint 42 --subject ann --expires 600'],
    },
    (command) =>
      command
        .option('--issuer <name>', 'the issuer, where several are for development')
        .option('--subject <id>', 'the sub claim: who the user is')
        .option('--expires <seconds>', 'how long the token is valid, 1 to 86400', seconds, 3600),
    async ({ args: [tenant = ''], options, settings, output, world: { services } }) => {
      const { auth, map } = await settings();
      const key = tenantKeyFromText(map.key, tenant);
      const issuer = developmentIssuer(auth.issuers, options.issuer);
      if (issuer.tenants !== '*' && !issuer.tenants.has(key.text))
        throw new TenantryError('FORBIDDEN', `The issuer ${issuer.issuer} may not speak for this tenant.`);
      const expiresAt = new Date(Math.floor(services.now().getTime() / 1000 + options.expires) * 1000);
      const text = await sign(issuer, { [issuer.tenantClaim]: key.text }, options.subject, services.now(), expiresAt);
      output.result({ token: text, expiresAt: expiresAt.toISOString() }, text);
    },
  );
}

function developmentIssuer(issuers: readonly IssuerSettings[], name: string | undefined): IssuerSettings {
  const usable = issuers.filter((issuer) => issuer.development);
  const names = usable.map(({ issuer }) => issuer).join(', ');
  if (usable.length === 0)
    throw new TenantryError('INVALID_REQUEST', 'No issuer of the configuration has development: true; only those can mint.');
  const found = name === undefined ? usable : usable.filter(({ issuer }) => issuer === name);
  const [issuer] = found;
  if (issuer !== undefined && found.length === 1) return issuer;
  throw new TenantryError('INVALID_REQUEST', `--issuer must be one of ${names}.`);
}

async function sign(
  issuer: IssuerSettings,
  claims: Record<string, string>,
  subject: string | undefined,
  now: Date,
  expiresAt: Date,
): Promise<string> {
  const { keys, algorithms } = issuer;
  const [algorithm] = algorithms;
  if (keys.kind !== 'secret' || algorithm === undefined) throw new TenantryError('INTERNAL', 'A development issuer has a shared secret.');
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setIssuer(issuer.issuer)
    .setAudience(issuer.audience);
  if (subject !== undefined) token.setSubject(subject);
  return token.setIssuedAt(now).setExpirationTime(expiresAt).sign(keys.secret);
}

function seconds(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > 86_400) throw new InvalidArgumentError('It must be a whole number from 1 to 86400.');
  return value;
}
