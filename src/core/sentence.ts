/** Words with the dot that ends them, where nothing else does. */
export function sentence(words: string): string {
  return /[.?!]$/.test(words) ? words : `${words}.`;
}

/** A sentence as part of another, which ends by itself. */
export function clause(words: string): string {
  return words.replace(/\.$/, '');
}
