import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerfileParser, type Copy, type From, type Instruction } from 'dockerfile-ast';

/** A COPY or RUN of a stage. */
export type DockerfileStep =
  | { readonly kind: 'copy'; readonly from?: string; readonly sources: readonly string[]; readonly target: string }
  | { readonly kind: 'run'; readonly command: string };

/** A stage of a Dockerfile: the last one is the image. */
export interface DockerfileStage {
  readonly name: string;
  /** The image it begins from, with its tag. */
  readonly base: string;
  readonly steps: readonly DockerfileStep[];
  /** WORKDIR, which must come before every step. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly ports: readonly number[];
  readonly stopSignal: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

const known = new Set(['FROM', 'COPY', 'RUN', 'WORKDIR', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'STOPSIGNAL', 'ENTRYPOINT', 'CMD']);

/** The stages of the Dockerfile in a folder. Throws for an instruction that is not known here, and for a shell form of what is started. */
export function readDockerfile(folder: string): DockerfileStage[] {
  const instructions = DockerfileParser.parse(readFileSync(join(folder, 'Dockerfile'), 'utf8')).getInstructions();
  const strange = instructions.find((instruction) => !known.has(instruction.getKeyword()));
  if (strange !== undefined) throw new Error(`${strange.getKeyword()} is not known here.`);
  const starts = instructions.flatMap((instruction, index) => (instruction.getKeyword() === 'FROM' ? [index] : []));
  return starts.map((start, index) => stage(instructions.slice(start, starts[index + 1])));
}

function stage(instructions: readonly Instruction[]): DockerfileStage {
  const all = (keyword: string): Instruction[] => instructions.filter((instruction) => instruction.getKeyword() === keyword);
  const last = (keyword: string): string => all(keyword).at(-1)?.getArgumentsContent() ?? '';
  const words = (keyword: string, before = ''): string[] => JSON.parse(last(keyword).slice(before.length) || '[]') as string[];
  const from = instructions[0] as From;
  return {
    name: from.getBuildStage() ?? '',
    base: from.getImage() ?? '',
    steps: instructions.flatMap((instruction) => step(instruction) ?? []),
    folder: last('WORKDIR'),
    environment: Object.fromEntries(all('ENV').map((variable) => nameAndValue(variable.getArgumentsContent() ?? ''))),
    user: last('USER'),
    ports: last('EXPOSE').split(' ').filter(Boolean).map(Number),
    stopSignal: last('STOPSIGNAL'),
    entrypoint: words('ENTRYPOINT'),
    command: words('CMD'),
    healthcheck: words('HEALTHCHECK', 'CMD '),
  };
}

function step(instruction: Instruction): DockerfileStep | undefined {
  if (instruction.getKeyword() === 'RUN') return { kind: 'run', command: instruction.getArgumentsContent() ?? '' };
  if (instruction.getKeyword() !== 'COPY') return undefined;
  const sources = instruction.getArguments().map((argument) => argument.getValue());
  const target = sources.pop() ?? '';
  const from = (instruction as Copy).getFromFlag()?.getValue();
  return { kind: 'copy', sources, target, ...(typeof from === 'string' ? { from } : {}) };
}

function nameAndValue(text: string): [string, string] {
  const [, name = '', value = ''] = /^(\w+)=(\S+)$/.exec(text) ?? [];
  return [name, value];
}
