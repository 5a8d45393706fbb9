/** The candidate that a mistyped word most likely meant, or undefined when none is near (case counts half). */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const farthest = Math.max(1, Math.floor(word.length / 3));
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= farthest)
    .toSorted((one, other) => one.distance - other.distance);
  return near[0]?.candidate;
}

/** What was meant by a name that is not among those allowed, or else which are: the end of a message. */
export function meantOrAllowed(name: string, allowed: readonly string[]): string {
  const meant = suggest(name, allowed);
  if (meant !== undefined) return `; did you mean ${meant}?`;
  return allowed.length === 0 ? '; there is none' : `; there are ${allowed.join(', ')}`;
}

/** How many letters are left out, put in, replaced, or have changed places with the next. */
function editDistance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = at(row, column - 1) + (from[line - 1] === to[column - 1] ? 0 : 1);
      const haveChangedPlaces = line > 1 && from[line - 1] === to[column - 2] && from[line - 2] === to[column - 1];
      const swapped = haveChangedPlaces ? at(before, column - 2) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, at(row, column) + 1, at(next, column - 1) + 1));
    }
    [before, row] = [row, next];
  }
  return at(row, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0;
}
