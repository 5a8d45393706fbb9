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

/** Has what comes for a request go into its answer, and its rows to `take` where there is one. */
export function takeAnswer(request: Request, answer: Answer, { bigints, mostBytes, take, tooLarge }: TakeOptions): void {
  let reader: RowReader | undefined;
  /** Parts of a text that comes in several rows. */
  let parts: string[] | undefined;
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
  const ended = (count: number | undefined): void => {
    if (count !== undefined) answer.counts.push(count);
    if (parts !== undefined && parts.length > 0 && answer.interruption === undefined) read([{ value: parts.join('') }], 0);
    parts = undefined;
  };
  request.on('columnMetadata', (metadata) => {
    const columns = metadata as readonly AnswerColumn[];
    // Several results give the last one's rows, as on every engine.
    answer.rows = [];
    reader = new RowReader(columns, bigints);
    parts = columns.length === 1 && cutColumns.has(columns[0]?.colName ?? '') ? [] : undefined;
  });
  request.on('row', (values: readonly AnswerValue[]) => {
    if (answer.interruption !== undefined || answer.rowError !== undefined) return;
    const size = sizeOfRow(values);
    answer.bytes += size;
    if ((take === undefined || parts !== undefined ? answer.bytes : size) > mostBytes) tooLarge();
    else if (parts === undefined) read(values, size);
    else parts.push(textOf(values[0]?.value));
  });
  request.on('doneInProc', ended);
  request.on('done', ended);
  request.on('returnValue', (name, value) => {
    if (name === doneParameter) answer.done = value === true;
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
