import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import dockerignore from '@balena/dockerignore';
import { readDockerfile, type DockerfileStage, type DockerfileStep } from './dockerfile.ts';

const run = promisify(execFile);

/** What a Dockerfile makes, as a folder of this machine. */
export interface Image extends DockerfileStage {
  /** The folder that stands for `/`. */
  readonly root: string;
  /** Variables that a process of it has; its folders on the PATH are those below `root`. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Runs the steps of a folder's Dockerfile with the programs of this machine, each stage in a folder of its own below `into`. A COPY
 * sees what `.dockerignore` lets through; a RUN may name nothing outside WORKDIR. Throws where a step fails.
 */
export async function buildImage(context: string, into: string): Promise<Image> {
  const sources = new Map<string | undefined, Source>([[undefined, { folder: context, lets: letThrough(context) }]]);
  let built: Image | undefined;
  for (const [index, stage] of readDockerfile(context).entries()) {
    const root = join(into, `${index}`);
    const variables = { ...stage.environment, PATH: pathIn(root, stage.environment['PATH'] ?? '$PATH') };
    mkdirSync(join(root, stage.folder), { recursive: true });
    for (const step of stage.steps) await runStep(step, sources, join(root, stage.folder), variables);
    sources.set(stage.name, { folder: root, lets: () => true });
    built = { ...stage, root, variables };
  }
  if (built === undefined) throw new Error('A Dockerfile has a stage.');
  return built;
}

/** Where a COPY takes files from, and which of them. */
interface Source {
  readonly folder: string;
  readonly lets: (path: string) => boolean;
}

async function runStep(
  step: DockerfileStep,
  sources: ReadonlyMap<string | undefined, Source>,
  folder: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  if (step.kind === 'copy') {
    const source = sources.get(step.from);
    if (source === undefined) throw new Error(`There is no stage ${step.from}.`);
    for (const path of step.sources) copy(join(source.folder, path), step.target, folder, source.lets);
    return;
  }
  if (/(^|[\s=])\//.test(step.command)) throw new Error(`RUN names something outside its folder: ${step.command}`);
  const { NODE_ENV: _, NODE_OPTIONS: __, ...own } = process.env;
  await run('sh', ['-euc', step.command], { cwd: folder, env: { ...own, ...variables }, maxBuffer: 1e8 });
}

/** As COPY does: a folder's content into the target, a file into a target that ends in `/`, else as the target. */
function copy(source: string, target: string, folder: string, lets: (path: string) => boolean): void {
  const isFolder = statSync(source).isDirectory();
  if (!isFolder && !lets(source)) throw new Error(`.dockerignore keeps ${source} out.`);
  const place = resolve(folder, target);
  const to = !isFolder && target.endsWith('/') ? join(place, basename(source)) : place;
  mkdirSync(dirname(to), { recursive: true });
  const wanted = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true || lets(path);
  cpSync(source, to, { recursive: true, verbatimSymlinks: true, filter: wanted });
}

function letThrough(context: string): (path: string) => boolean {
  const rules = dockerignore.default().add(readFileSync(join(context, '.dockerignore'), 'utf8'));
  return (path) => !rules.ignores(relative(context, path));
}

/** The image's own folders, then this machine's with the Node that runs this, and nothing of the checkout. */
function pathIn(root: string, path: string): string {
  const own = path.split(':').filter((folder) => folder !== '$PATH');
  const machine = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return [...own.map((folder) => join(root, folder)), dirname(process.execPath), ...machine].join(':');
}
