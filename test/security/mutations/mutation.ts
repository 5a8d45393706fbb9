/** One way in which a shard's protection may be changed. */
export interface Mutation {
  /** What is changed: `policy`, `table`, `role`. */
  readonly kind: string;
  /** `public."Blogs" tenantry_tenant`. */
  readonly object: string;
  /** Without the object's name, so that the same form of other objects is known to be the same. */
  readonly form: string;
  /** As the server's superuser, in one transaction. */
  readonly statement: string;
}

/** A form with the statement that it is of an object. */
export type Form<Subject> = readonly [form: string, statement: (subject: Subject) => string];

/** Every form of every object. */
export function each<Subject>(
  kind: string,
  subjects: readonly (Subject & { readonly object: string })[],
  forms: readonly Form<Subject>[],
): Mutation[] {
  return subjects.flatMap((subject) =>
    forms.map(([form, statement]) => ({ kind, object: subject.object, form, statement: statement(subject) })),
  );
}

/** As messages and the list of harmless ones name it. */
export function nameOf({ kind, object, form }: Mutation): string {
  return `${kind} ${object}: ${form}`;
}
