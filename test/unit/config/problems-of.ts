import { expect } from 'vitest';
import { resolveConfig, type Environment } from '../../../src/config.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { sampleEnvironment } from './sample.ts';

/** What is said of a secret that is written down. */
export const byReference = "must be a reference to the environment, env('NAME'), never the value itself";

/** What a configuration is refused for, a line each; none where it is valid. */
export function problemsOf(config: unknown, environment: Environment = sampleEnvironment): string[] {
  try {
    resolveConfig(config, environment, 'here.json');
  } catch (error) {
    expect(error).toBeInstanceOf(TenantryError);
    const { code, message } = error as TenantryError;
    expect(code).toBe('INVALID_CONFIGURATION');
    const [heading, ...lines] = message.split('\n');
    expect(heading).toBe(`The configuration is invalid. here.json has ${lines.length === 1 ? '1 problem' : `${lines.length} problems`}:`);
    return lines.map((line) => line.trim());
  }
  return [];
}
