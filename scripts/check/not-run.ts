/** Exit code of a check that could not run; the last line of its output says why. */
export const notRunCode = 77;

/** Ends a check that cannot run here: `npm run check` names it with the reason, and does not fail. */
export function notRun(reason: string): never {
  console.log(reason);
  process.exit(notRunCode);
}
