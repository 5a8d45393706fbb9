import { parse } from 'yaml';

/** What the tests read of a service in a Compose file. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly restart?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period?: string;
}

/** A Compose file whose variables have been filled in. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** Reads a Compose file as `docker compose` would: anchors and merges, `${NAME}` and `${NAME:?why}` from the environment, `$$` a dollar. */
export function readComposeFile(text: string, environment: Readonly<Record<string, string>>): ComposeFile {
  return filledIn(parse(text, { merge: true }), environment) as ComposeFile;
}

/** The variables that a Compose file takes from the environment. */
export function composeVariables(text: string): string[] {
  const names = [...text.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
  return [...new Set(names)].toSorted();
}

/** The variables of an `.env` file; a line is `NAME=value`, a comment, or empty. Throws for any other. */
export function readEnvironmentFile(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([A-Z_]+)=(\S*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`not a line of an .env file: ${line}`);
      return [name, value];
    }),
  );
}

function filledIn(value: unknown, environment: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return interpolated(value, environment);
  if (Array.isArray(value)) return value.map((item) => filledIn(item, environment));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filledIn(item, environment)]));
}

function interpolated(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\$|\{([A-Z_]+)(?::\?([^}]*))?\})?/g, (found, name: string | undefined, why: string | undefined) => {
    if (found === '$$') return '$';
    const value = name === undefined ? undefined : environment[name];
    if (name === undefined || why === undefined) throw new Error(`${text}: every variable is written \${NAME:?why}`);
    if (value === undefined || value === '') throw new Error(`${name}: ${why}`);
    return value;
  });
}
