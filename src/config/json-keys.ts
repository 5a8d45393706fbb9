import { parse } from '@humanwhocodes/momoa';

type Step = string | number;

/** A key that stands more than once in an object of a JSON text. */
export interface RepeatedKey {
  readonly path: readonly Step[];
  /** Where it stands again, from 1. */
  readonly line: number;
}

/** Keys that stand twice: `JSON.parse` keeps the last of them and says nothing. The text is JSON; throws SyntaxError where it is not. */
export function repeatedKeys(text: string): RepeatedKey[] {
  return repeatedIn(parse(text, { mode: 'json' }).body, []);
}

function repeatedIn(node: ReturnType<typeof parse>['body'], path: readonly Step[]): RepeatedKey[] {
  if (node.type === 'Array') return node.elements.flatMap(({ value }, index) => repeatedIn(value, [...path, index]));
  if (node.type !== 'Object') return [];
  const seen = new Set<string>();
  return node.members.flatMap(({ name, value }) => {
    const key = name.type === 'String' ? name.value : name.name;
    const at = [...path, key];
    const again = seen.has(key) ? [{ path: at, line: name.loc.start.line }] : [];
    seen.add(key);
    return [...again, ...repeatedIn(value, at)];
  });
}
