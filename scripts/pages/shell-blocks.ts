/** A block of commands of a Markdown page, with what the page says they print. */
export interface ShellBlock {
  readonly commands: string;
  /** The `text` block that follows with nothing but one paragraph between, if there is one. */
  readonly output?: string;
}

/** The `sh` blocks of a page, in order. */
export function shellBlocks(page: string): ShellBlock[] {
  const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
  return blocks.flatMap(({ language, text }, index) => {
    const next = blocks[index + 1];
    if (language !== 'sh') return [];
    return [{ commands: text, ...(next?.language === 'text' ? { output: next.text } : {}) }];
  });
}
