import { readFileSync } from 'node:fs';
import { z } from 'zod';

const expression = z.strictObject({ sql: z.string().trim().min(1) });

/**
 * What stands in the file of a raw predicate: one expression, without the semicolon that an editor may like to see behind it. `given` is a
 * path, a file's URL, or `{ sql }`, the expression itself; what is wrong with it, or with the file, is reported.
 */
export function expressionOfFile(given: unknown, context: z.RefinementCtx): string {
  const refuse = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const said = expression.safeParse(given);
  if (said.success) return said.data.sql;
  const isPath = given instanceof URL ? given.protocol === 'file:' : typeof given === 'string' && given !== '';
  if (!isPath) return refuse("must be the path of a file, its file: URL, or { sql: 'the expression' }");
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(given as string | URL));
    const content = text.trim().replace(/;$/, '').trim();
    return content === '' ? refuse('is a file without an expression') : content;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown cause';
    return refuse(
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'names a file that is not in UTF-8' : `names a file that cannot be read (${code})`,
    );
  }
}
