/** Names a variable of the environment whose value is read when the configuration is loaded; in JSON `{ "env": "NAME" }`. */
export interface EnvReference {
  readonly env: string;
  readonly optional?: false | undefined;
}

/** As `EnvReference`, but the variable may be unset; in JSON `{ "env": "NAME", "optional": true }`. */
export interface OptionalEnvReference {
  readonly env: string;
  readonly optional: true;
}

/** Refers to a variable that must be set and not empty: `env('TENANTRY_CATALOG_URL')`. */
export function env(name: string): EnvReference {
  return { env: name };
}

/** Refers to a variable that may be unset; what it configures is then left out. */
env.optional = (name: string): OptionalEnvReference => ({ env: name, optional: true });
