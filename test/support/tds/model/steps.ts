/** A line of a batch that the model acts upon, or a statement of the caller's. */
export type Step =
  | { readonly kind: 'xact abort' | 'no count' | 'implicit transactions'; readonly on: boolean }
  | { readonly kind: 'isolation'; readonly level: string }
  | { readonly kind: 'enter'; readonly brings: boolean }
  | { readonly kind: 'begin' | 'commit' | 'rollback' | 'return' | 'remember transaction' | 'done' | 'nothing' }
  | { readonly kind: 'begin try' | 'end try' | 'begin catch' | 'end catch' | 'rethrow' | 'run statement' }
  | { readonly kind: 'check entry' | 'check transaction' | 'check ended'; readonly number: number }
  | { readonly kind: 'check count'; readonly depth: number; readonly number: number }
  | { readonly kind: 'begin up to' | 'commit down to'; readonly depth: number }
  | { readonly kind: 'save' | 'roll back to'; readonly name: string }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'throw'; readonly number: number; readonly message: string }
  | { readonly kind: 'statement'; readonly text: string };

/** A group that took no part is undefined. */
type Recognise = readonly [RegExp, (...groups: (string | undefined)[]) => Step];

const thrown = String.raw`THROW (\d+), N?'(?:[^']|'')*', \d+`;
/** Whole lines as they are written by the program, and the few that a test may put into a statement. */
const lines: readonly Recognise[] = [
  [/^SET XACT_ABORT (ON|OFF)$/i, (on) => ({ kind: 'xact abort', on: on?.toUpperCase() === 'ON' })],
  [/^SET TRANSACTION ISOLATION LEVEL ([A-Z ]+)$/i, (level = '') => ({ kind: 'isolation', level })],
  [
    /^(?:SET @tenantry_transaction|DECLARE @tenantry_transaction bigint) = CURRENT_TRANSACTION_ID\(\)$/,
    () => ({ kind: 'remember transaction' }),
  ],
  [/^SET IMPLICIT_TRANSACTIONS (ON|OFF)$/i, (on) => ({ kind: 'implicit transactions', on: on?.toUpperCase() === 'ON' })],
  [/^SET @tenantry_done = 1$/, () => ({ kind: 'done' })],
  [/^SET (?=[A-Z_, ]*NOCOUNT)[A-Z_, ]+ (ON|OFF)$/i, (on) => ({ kind: 'no count', on: on?.toUpperCase() === 'ON' })],
  [
    /^(?:SET [A-Z_, ]+ (?:ON|OFF)|SET (?:DATEFORMAT|TEXTSIZE|LOCK_TIMEOUT) \S+|SET @tenantry_\w+ = .*|DECLARE @tenantry_.*)$/i,
    () => ({ kind: 'nothing' }),
  ],
  [/^BEGIN TRAN(?:SACTION)?$/i, () => ({ kind: 'begin' })],
  [/^COMMIT(?: TRAN(?:SACTION)?)?$/i, () => ({ kind: 'commit' })],
  [/^ROLLBACK(?: TRAN(?:SACTION)?)?$/i, () => ({ kind: 'rollback' })],
  [/^WHILE @@TRANCOUNT < (\d+) BEGIN TRANSACTION$/, (depth) => ({ kind: 'begin up to', depth: Number(depth) })],
  [
    /^(?:IF XACT_STATE\(\) = 1 )?WHILE @@TRANCOUNT > (\d+) COMMIT TRANSACTION$/,
    (depth) => ({ kind: 'commit down to', depth: Number(depth) }),
  ],
  [/^SAVE TRANSACTION (\[\w+\])$/, (name = '') => ({ kind: 'save', name })],
  [/^ROLLBACK TRANSACTION (\[\w+\])$/, (name = '') => ({ kind: 'roll back to', name })],
  [/^(BEGIN|END) (TRY|CATCH)$/i, (edge, block) => ({ kind: `${edge} ${block}`.toLowerCase() as 'begin try' })],
  [/^THROW$/i, () => ({ kind: 'rethrow' })],
  [
    /^EXEC \[sys\]\.\[sp_executesql\] @(?:tenantry_statement(?:, N'[^']*'(?:, @\w+)+)?|p1(?:, @p2(?:, @p\d+ = @p\d+)+)?)$/,
    () => ({ kind: 'run statement' }),
  ],
  [/^RETURN$/i, () => ({ kind: 'return' })],
  [
    /^EXEC @tenantry_ok = \[tenantry\]\.\[enter\] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token(, @tenantry_values)?$/,
    (brings) => ({ kind: 'enter', brings: brings !== undefined }),
  ],
  [new RegExp(`^IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 ${thrown}$`), (number) => ({ kind: 'check entry', number: Number(number) })],
  [
    new RegExp(`^IF @@TRANCOUNT <> (\\d+) ${thrown}$`),
    (depth, number) => ({ kind: 'check count', depth: Number(depth), number: Number(number) }),
  ],
  [
    new RegExp(`^IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID\\(\\) <> @tenantry_transaction ${thrown}$`),
    (number) => ({ kind: 'check transaction', number: Number(number) }),
  ],
  [
    new RegExp(`^IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID\\(\\) <> @tenantry_transaction ${thrown}$`),
    (number) => ({ kind: 'check ended', number: Number(number) }),
  ],
  [/^PRINT N'(.*)'$/i, (text = '') => ({ kind: 'print', text })],
  [/^THROW (\d+), N?'(.*)', \d+$/i, (number, message = '') => ({ kind: 'throw', number: Number(number), message })],
];

/** The program says the same few texts again and again, their values beside them. */
const known = new Map<string, readonly Step[]>();

/** A batch as steps. What no line is known of is the caller's: lines that follow one another are one statement. */
export function stepsOf(text: string): readonly Step[] {
  let steps = known.get(text);
  if (steps === undefined) known.set(text, (steps = readSteps(text)));
  return steps;
}

function readSteps(text: string): readonly Step[] {
  const steps: Step[] = [];
  let statement: string[] = [];
  const finish = (): void => {
    const whole = statement.join('\n').trim();
    statement = [];
    if (whole !== '') steps.push({ kind: 'statement', text: whole });
  };
  for (const line of text.split('\n').flatMap(endBatchParts)) {
    const step = recognise(line.trim().replace(/^;/, '').replace(/;$/, ''));
    if (step === undefined) statement.push(line);
    else {
      finish();
      steps.push(step);
    }
  }
  finish();
  return steps;
}

/** `IF ... THROW ...;COMMIT TRANSACTION;` stands on one line where a session ends. */
function endBatchParts(line: string): readonly string[] {
  const parts = /^(IF @@TRANCOUNT .*;)\s*((?:COMMIT|ROLLBACK) TRANSACTION;)$/.exec(line);
  return parts === null ? [line] : parts.slice(1);
}

function recognise(line: string): Step | undefined {
  for (const [pattern, make] of lines) {
    const match = pattern.exec(line);
    if (match !== null) return make(...match.slice(1));
  }
  return undefined;
}
