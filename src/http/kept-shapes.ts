import { SqlShape } from '../core/compile-sql.ts';
import type { Sql } from '../core/sql.ts';

/** Forms of a statement that are kept; clients use few, and a hostile one must not fill the memory. */
const mostKept = 64;

/** Keeps the forms of a statement that were used last. `idOf` says of what a form is made what tells it from others, as JSON. */
export function keptShapes<Given>(idOf: (given: Given) => unknown, build: (given: Given) => Sql): (given: Given) => SqlShape {
  const shapes = new Map<string, SqlShape>();
  return (given) => {
    const id = JSON.stringify(idOf(given));
    const shape = shapes.get(id) ?? new SqlShape(build(given));
    shapes.delete(id);
    shapes.set(id, shape);
    const oldest = shapes.keys().next();
    if (shapes.size > mostKept && oldest.done !== true) shapes.delete(oldest.value);
    return shape;
  };
}
