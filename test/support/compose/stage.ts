import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresServer } from '../servers/postgres.ts';
import type { Image } from './image.ts';

/** What a rehearsal's processes find instead of containers. */
export interface Stage {
  /** Set in every process, above what the Compose file sets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Gets a line for each command line of the program. */
  readonly record: string;
}

/** The database that stands in for one of a shard's. */
export function standIn(host: string, database: string): string {
  return `${database}_${host}`;
}

/** Writes programs that stand before the real ones on the PATH, and a configuration like the folder's with free ports. */
export function writeStage(folder: string, image: Image, server: PostgresServer): Stage {
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  const program = (name: string, lines: readonly string[]): void =>
    writeFileSync(join(programs, name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  program('docker', [
    'case "$1 $2 $3 $4" in',
    '  "compose exec -T api") shift 4; exec "$@" ;;',
    '  *) echo "docker $* is not rehearsed" >&2; exit 64 ;;',
    'esac',
  ]);
  const record = join(folder, 'command-lines');
  writeFileSync(record, '');
  program('tenantry', [
    `echo "\${TENANTRY_BOOTSTRAP_USER:+$TENANTRY_BOOTSTRAP_USER: }$*" >>${record}`,
    '[ -z "${TENANTRY_BOOTSTRAP_USER:-}" ] ||',
    `  export TENANTRY_BOOTSTRAP_USER=${server.user} TENANTRY_BOOTSTRAP_PASSWORD=${server.password}`,
    'before= host=',
    'for word do',
    '  shift',
    '  case $before in',
    '    --engine) word=postgres ;;',
    `    --host) host=$word; set -- "$@" ${server.host} --port; word=${server.port} ;;`,
    `    --database) word=${standIn('$host', '${word}')} ;;`,
    '    --tls) word=disable ;;',
    '  esac',
    '  set -- "$@" "$word"',
    '  before=$word',
    'done',
    `exec ${join(image.root, image.folder, 'bin/tenantry')} "$@"`,
  ]);
  const config = join(folder, 'compose/rehearsal.config.ts');
  writeFileSync(
    config,
    "import config from './tenantry.config.ts';\nexport default { ...config, http: { ...config.http, port: 0, opsPort: 0 } };\n",
  );
  const variables = {
    ...image.variables,
    PATH: `${programs}:${image.variables['PATH']}`,
    TENANTRY_CONFIG: config,
    TENANTRY_CATALOG_URL: server.url('catalog'),
    // Nobody listens there: a cache is never needed.
    REDIS_URL: 'redis://127.0.0.1:1',
    // A program starts often here.
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
  };
  return { variables, record };
}
