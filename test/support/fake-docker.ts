import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { serversVariable } from './servers/server-directory.ts';

/** What a `docker` of a test does: `docker run` becomes whatever answers at a port, or goes wrong. */
export type DockerConduct = 'runs' | 'never ready' | 'fails' | 'port taken at first' | 'no image' | 'no daemon';

/** A program `docker`, alone on the PATH of this test and of what it starts. */
export interface FakeDocker {
  /** Where servers of this test have their folders. */
  readonly folder: string;
  /** What it was called with, and `ended by SIGNAL` where a signal ended it. */
  calls(): string[];
  /** The value that the last `docker run` found in a variable of its environment. */
  variable(name: string): string | undefined;
}

/** Puts a `docker` on the PATH that lets through to `serverPort` whoever connects to the port it publishes. */
export function fakeDocker(conduct: DockerConduct, serverPort = 0): FakeDocker {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-docker-'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const calls = join(folder, 'calls');
  const environment = join(folder, 'environment');
  writeFileSync(join(folder, 'docker'), `#!${process.execPath}\n${program({ conduct, serverPort, calls, environment })}`, { mode: 0o755 });
  vi.stubEnv('PATH', folder);
  vi.stubEnv(serversVariable, folder);
  return {
    folder,
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    variable: (name) => (JSON.parse(readFileSync(environment, 'utf8')) as Record<string, string>)[name],
  };
}

function program(given: Readonly<Record<'conduct' | 'calls' | 'environment', string>> & { readonly serverPort: number }): string {
  return `
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const { connect, createServer } = require('node:net');
const { conduct, serverPort, calls, environment } = ${JSON.stringify(given)};
const args = process.argv.slice(2);
const say = (line) => appendFileSync(calls, line + '\\n');
const fail = (text) => { process.stderr.write(text + '\\n'); process.exit(125); };
say(args.join(' '));
if (args[0] === 'image') {
  if (conduct === 'no image') fail('Error response from daemon: No such image: ' + args.at(-1));
  if (conduct === 'no daemon') fail('Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?');
} else {
  writeFileSync(environment, JSON.stringify(process.env));
  if (conduct === 'fails') fail('docker: Error response from daemon: no space left on device.');
  const runs = readFileSync(calls, 'utf8').split('\\n').filter((line) => line.startsWith('run ')).length;
  if (conduct === 'port taken at first' && runs === 1) fail('docker: Error response from daemon: Bind for 127.0.0.1 failed: port is already allocated.');
  process.on('SIGTERM', () => { say('ended by SIGTERM'); process.exit(0); });
  const port = Number(/127\\.0\\.0\\.1:(\\d+):1433/.exec(args.join(' '))[1]);
  createServer((socket) => {
    const server = connect(serverPort, '127.0.0.1');
    socket.on('error', () => server.destroy()).pipe(server.on('error', () => socket.destroy())).pipe(socket);
  }).listen(port, '127.0.0.1', () => {
    if (conduct !== 'never ready') console.log('2026-11-21 10:00:00.00 spid9s SQL Server is now ready for client connections. This is an informational message');
  });
}
`;
}
