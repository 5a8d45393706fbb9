/** Names of components have letters, digits and `.-_`; whatever else a table's name has is written as `-hex-`. */
export function componentName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._]/gu, (character) => `-${character.codePointAt(0)?.toString(16)}-`);
}
