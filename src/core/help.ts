/** What to do about something that is not as it must be: something to run, what to do or to heed in words, or both. */
export type Help =
  | {
      /** To run as it stands: a command, or a statement for the database that it is about. It mends that, or shows what is to be mended. */
      readonly remedy: string;
      readonly advice?: string;
    }
  | { readonly remedy?: never; readonly advice: string };

/** The same as a query says it. */
export type HelpRow = { readonly remedy: string; readonly advice: string | null } | { readonly remedy: null; readonly advice: string };

/** What a query says. */
export function helpOf({ remedy, advice }: HelpRow): Help {
  if (remedy === null) return { advice };
  return advice === null ? { remedy } : { remedy, advice };
}

/** Both, for the middle of a sentence. */
export function helpText({ remedy, advice }: Help): string {
  return [remedy, advice].filter((part) => part !== undefined).join('; ');
}
