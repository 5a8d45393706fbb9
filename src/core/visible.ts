/** Every character that a terminal obeys or that turns text around, but the end of a line and a tab. */
const obeyed = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
const obeyedInLine = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** A text of lines for people, its control characters written as JSON writes them: a terminal would obey those of a name of somebody's. */
export function visibleLines(text: string): string {
  return text.replace(obeyed, written);
}

/** The same of what stays on its line, such as a name. */
export function visible(text: string): string {
  return text.replace(obeyedInLine, written);
}

function written(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
