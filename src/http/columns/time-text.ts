const instantForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)$/;
const dateForm = /^(\d{4})-(\d\d)-(\d\d)$/;
const timeForm = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,9}))?$/;
const databaseTimestamp = /^(\d{4,6})-(\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?: ?\+00(?::00)?)?( BC)?$/;
const databaseDate = /^(\d{4,6})-(\d\d-\d\d)( BC)?$/;

/**
 * An ISO 8601 time with its zone as the UTC text that a column stores, such as `2026-11-21 13:05:21.25`; undefined where
 * it is none, is no date of the calendar, or has more than `scale` digits after the second (they would be rounded).
 */
export function instantToDatabase(text: string, scale: number): string | undefined {
  const match = instantForm.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '00', fraction = '', zone = ''] = match;
  const local = `${year}-${month}-${day}`;
  const isTime = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
  if (!isCalendarDate(local) || !isTime || !isZone(zone) || fraction.length > scale) return undefined;
  const utc = new Date(`${local}T${hour}:${minute}:${second}${zone}`).toISOString();
  // A year outside 1 to 9999 has another length or is 0000 once it is moved to UTC.
  if (utc.length !== 24 || utc.startsWith('0000')) return undefined;
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A UTC time as the database writes it, as ISO 8601 with zone `Z`. Throws TypeError for any other text. */
export function instantFromDatabase(text: string): string {
  if (isInfinite(text)) return text;
  const match = databaseTimestamp.exec(text);
  if (match === null) throw new TypeError('The database wrote a time in an unknown form.');
  const [, year = '', monthAndDay, time, era] = match;
  return `${isoYear(year, era)}-${monthAndDay}T${time}Z`;
}

/** A calendar date `YYYY-MM-DD` as it is, or undefined. */
export function dateToDatabase(text: string): string | undefined {
  return isCalendarDate(text) ? text : undefined;
}

/** A date as the database writes it, as ISO 8601. Throws TypeError for any other text. */
export function dateFromDatabase(text: string): string {
  if (isInfinite(text)) return text;
  const match = databaseDate.exec(text);
  if (match === null) throw new TypeError('The database wrote a date in an unknown form.');
  const [, year = '', monthAndDay, era] = match;
  return `${isoYear(year, era)}-${monthAndDay}`;
}

/** A time of day `HH:MM:SS` with at most `scale` digits after the second, as it is, or undefined. */
export function timeToDatabase(text: string, scale: number): string | undefined {
  const match = timeForm.exec(text);
  return match !== null && (match[2] ?? '').length <= scale ? text : undefined;
}

/** PostgreSQL has two times that ISO 8601 cannot say; JSON shows them by name, as `to_json` does. */
function isInfinite(text: string): boolean {
  return text === 'infinity' || text === '-infinity';
}

function isCalendarDate(text: string): boolean {
  if (!dateForm.test(text) || text.startsWith('0000')) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function isZone(zone: string): boolean {
  return zone === 'Z' || (Number(zone.slice(1, 3)) <= 14 && Number(zone.slice(4)) <= 59);
}

/** ISO 8601 counts the year before 1 as 0000 and writes years beyond four digits with a sign and six. */
function isoYear(year: string, era: string | undefined): string {
  const number = era === undefined ? Number(year) : 1 - Number(year);
  if (number >= 0 && number <= 9999) return String(number).padStart(4, '0');
  return `${number < 0 ? '-' : '+'}${String(Math.abs(number)).padStart(6, '0')}`;
}
