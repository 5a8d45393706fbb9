import type { Request } from 'tedious';
import type { Row } from '../../core/session.ts';
import type { Answer } from './answer.ts';
import { doneParameter } from './routed-parameters.ts';
import { RowReader, sizeOfRow, type AnswerColumn, type AnswerValue, type BigintForm } from './row-reader.ts';

/** Takes rows as they come, instead of the answer. */
export type RowTaker = (row: Row, bytes: number) => void;

interface TakeOptions {
  readonly bigints: BigintForm;
  /** Most bytes of an answer that is no stream, and of one row. */
  readonly mostBytes: number;
  readonly take: RowTaker | undefined;
  /** Called for each row that would be too much. */
  readonly tooLarge: () => void;
}

/** What FOR JSON and FOR XML call their one column: the server cuts its text into rows of some 2,000 characters. */
const cutColumns: ReadonlySet<string> = new Set(['JSON_F52E2B61-18A1-11d1-B105-00805F49916B', 'XML_F52E2B61-18A1-11d1-B105-00805F49916B']);
/** The driver's names for what that column is; one of another type has only been named like it. */
const cutTypes: ReadonlySet<string> = new Set(['NVarChar', 'NText']);

/** Has what comes for a request go into its answer, and its rows to `take` where there is one. */
export function takeAnswer(request: Request, answer: Answer, { bigints, mostBytes, take, tooLarge }: TakeOptions): void {
  let reader: RowReader | undefined;
  /** Rows with the parts of one text. */
  let parts: (readonly AnswerValue[])[] | undefined;
  /** Of this answer so far, or of the text that a stream has to wait for. */
  let bytes = 0;
  const read = (values: readonly AnswerValue[], size: number): void => {
    if (reader === undefined) return;
    try {
      const row = reader.read(values);
      if (take === undefined) answer.rows.push(row);
      else take(row, size);
    } catch (error) {
      answer.rowError = error;
      answer.rows = [];
    }
  };
  const endText = (): void => {
    const [first, second] = parts ?? [];
    if (parts !== undefined && first !== undefined && answer.interruption === undefined)
      read(second === undefined ? first : [{ value: parts.map(textOf).join('') }], bytes);
    parts = undefined;
  };
  const ended = (count: number | undefined): void => {
    if (count !== undefined) answer.counts.push(count);
    endText();
  };
  request.on('columnMetadata', (metadata) => {
    const columns = metadata as readonly AnswerColumn[];
    // Under SET NOCOUNT ON nothing need be said of a statement's end.
    endText();
    // Several results give the last one's rows, as on every engine.
    answer.rows = [];
    reader = new RowReader(columns, bigints);
    parts = isCut(columns) ? [] : undefined;
    if (take !== undefined) bytes = 0;
  });
  request.on('row', (values: readonly AnswerValue[]) => {
    if (answer.interruption !== undefined || answer.rowError !== undefined) return;
    const size = sizeOfRow(values);
    bytes += size;
    if ((take === undefined || parts !== undefined ? bytes : size) > mostBytes) tooLarge();
    else if (parts === undefined) read(values, size);
    else parts.push(values);
  });
  request.on('doneInProc', ended);
  request.on('done', ended);
  request.on('doneProc', endText);
  request.on('returnValue', (name, value) => {
    if (name === doneParameter) answer.done = value === true;
  });
}

function isCut([column, second]: readonly AnswerColumn[]): boolean {
  return column !== undefined && second === undefined && cutColumns.has(column.colName) && cutTypes.has(column.type.name);
}

function textOf([part]: readonly AnswerValue[]): string {
  return typeof part?.value === 'string' ? part.value : '';
}
