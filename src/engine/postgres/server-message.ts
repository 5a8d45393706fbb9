import pg from 'pg';

/** Types of the backend messages that an exchange meets, by their first byte. */
export const messageType = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  commandComplete: 0x43,
  dataRow: 0x44,
  error: 0x45,
  copyIn: 0x47,
  emptyQuery: 0x49,
  noData: 0x6e,
  rowDescription: 0x54,
  portalSuspended: 0x73,
  readyForQuery: 0x5a,
  notice: 0x4e,
  notification: 0x41,
  parameterStatus: 0x53,
} as const;

/** An ErrorResponse as pg would give it. */
export function readError(buffer: Buffer, start: number, end: number): pg.DatabaseError {
  const fields = new Map<string, string>();
  let offset = start;
  while (offset < end && buffer[offset] !== 0) {
    const stop = buffer.indexOf(0, offset);
    fields.set(String.fromCharCode(buffer[offset] ?? 0), buffer.toString('utf8', offset + 1, stop));
    offset = stop + 1;
  }
  const error = new pg.DatabaseError(fields.get('M') ?? '', end - start, 'error');
  // V is the severity in English, whatever the server's language.
  error.severity = fields.get('V') ?? fields.get('S');
  error.code = fields.get('C');
  error.detail = fields.get('D');
  error.position = fields.get('P');
  error.table = fields.get('t');
  error.column = fields.get('c');
  error.constraint = fields.get('n');
  error.routine = fields.get('R');
  return error;
}

/** What the server calls its wait for a standby: names of routines are in no language. */
export const waitForStandby = 'SyncRepWaitForLSN';
/** No text can begin a field. */
const waitForStandbyField = Buffer.from(`\0R${waitForStandby}\0`);

/** Whether a notice says that a transaction was committed here and its wait for a synchronous standby was called off. */
export function saysUnreplicated(buffer: Buffer, start: number, end: number): boolean {
  return buffer.subarray(start, end).includes(waitForStandbyField);
}
