const edge = /\/\*|\*\//g;

/** Where the block comment that begins at `start` ends, behind those in it: they nest on both engines. The text's end where it does not. */
export function endOfBlockComment(text: string, start: number): number {
  edge.lastIndex = start;
  let depth = 0;
  for (let found = edge.exec(text); found !== null; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return text.length;
}
