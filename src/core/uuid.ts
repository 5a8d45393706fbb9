const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a text is a uuid as both engines read it: 32 hexadecimal digits of either case, in groups of 8, 4, 4, 4 and 12. */
export function isUuid(text: string): boolean {
  return form.test(text);
}
