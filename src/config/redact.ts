import type { EntraCredential } from '../core/entra-credential.ts';
import type { Login } from '../core/principal.ts';
import type { Procedure, ProcedureValue } from '../core/procedure.ts';
import type { IssuerSettings, Settings, TableSettings } from './settings.ts';

const hidden = '(hidden)';

/** The configuration with its defaults, fit for a screen: passwords, keys and secrets are hidden, everything else is shown. */
export function redactSettings(settings: Settings): Readonly<Record<string, unknown>> {
  const { catalog, redis, fleetKey, logins, auth, tables, procedures, webhook, drift, ...shown } = settings;
  return {
    catalog: { ...catalog.address, ...redactLogin(catalog.login) },
    ...(redis === undefined ? {} : { redis: { url: withoutCredentials(redis.url) } }),
    fleetKey: { current: hidden, ...(fleetKey.previous === undefined ? {} : { previous: hidden }) },
    ...shown,
    logins: Object.fromEntries(Object.entries(logins).map(([principal, login]) => [principal, redactLogin(login)])),
    tables: Object.fromEntries(tables.map((table) => [table.name, asWritten(table)])),
    procedures: Object.fromEntries(procedures.map((procedure) => [procedure.name, procedureAsWritten(procedure)])),
    drift: drift.map(({ shards, object, reason, until }) => ({ shards, object, reason, until })),
    // Addresses of webhooks have secrets in their paths.
    ...(webhook === undefined
      ? {}
      : { webhook: { url: `${webhook.url.origin}/${hidden}`, ...(webhook.key === undefined ? {} : { secret: hidden }) } }),
    auth: { issuers: auth.issuers.map(redactIssuer) },
  };
}

function asWritten({ tenantColumn, parent }: TableSettings): unknown {
  if (tenantColumn === undefined) return 'reference';
  if (parent === undefined) return { tenant: tenantColumn };
  return {
    tenant: tenantColumn,
    parent: { ...parent, columns: Object.fromEntries(parent.columns.map((pair) => [pair.child, pair.parent])) },
  };
}

function procedureAsWritten({ parameters, returns, readOnly }: Procedure): unknown {
  return {
    parameters: Object.fromEntries(
      parameters.map((parameter) => [
        parameter.name,
        { ...valueAsWritten(parameter), required: parameter.required, nullable: parameter.nullable },
      ]),
    ),
    returns:
      returns.kind === 'rows'
        ? { rows: Object.fromEntries(returns.columns.map((column) => [column.name, valueAsWritten(column)])) }
        : returns.kind,
    readOnly,
  };
}

function valueAsWritten({ kind, maximumLength, precision, scale }: ProcedureValue): Readonly<Record<string, unknown>> {
  return {
    type: kind,
    ...(maximumLength === null ? {} : { maximumLength }),
    ...(precision === null ? {} : { precision }),
    ...(scale === null ? {} : { scale }),
  };
}

function redactLogin({ user, password, entra }: Login): Readonly<Record<string, unknown>> {
  return { user, ...(password === undefined ? {} : { password: hidden }), ...(entra === undefined ? {} : { entra: redactEntra(entra) }) };
}

/** Client and directory are names, and what an operator looks for. */
function redactEntra(entra: EntraCredential): Readonly<Record<string, unknown>> {
  if (entra.kind === 'token') return { ...entra, token: hidden };
  return entra.kind === 'service-principal' ? { ...entra, clientSecret: hidden } : entra;
}

function redactIssuer({ keys, tenants, ...rest }: IssuerSettings): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    tenants: tenants === '*' ? tenants : [...tenants],
    ...(keys.kind === 'jwks' ? { jwks: keys.url.href } : { key: keys.kind === 'public' ? keys.pem : hidden }),
  };
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  url.username = url.username === '' ? '' : hidden;
  url.password = url.password === '' ? '' : hidden;
  return url.href;
}
