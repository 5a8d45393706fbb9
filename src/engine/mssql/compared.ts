/** A type whose values are bytes in the code page of a collation, as `shard/describe-tables` writes it. */
const codePageText = /^((?:var)?char\(\d+\)) COLLATE (\w+)$/;
/** Types to which the server would bring the column instead of the value, or which it would compare with another's rounding. */
const castTypes =
  /^(?:tinyint|smallint|bigint|bit|real|money|smallmoney|uniqueidentifier|date|(?:decimal|numeric)\(\d+,\d+\)|(?:datetime2|datetimeoffset|time)\(\d\))$/;
/**
 * Times that hold less than their texts say: whole minutes, or every third thousandth of a second. With the type that holds such a text.
 */
const coarseTimes: ReadonlyMap<string, string> = new Map([
  ['datetime', 'datetime2(3)'],
  ['smalldatetime', 'datetime2(0)'],
]);

/**
 * A parameter in the type of the column that it is compared with: of two types the server converts the lower one, which may be
 * the column, and reads it whole (*Data type precedence*). A value that the type does not hold equals nothing. Integers, Unicode
 * text and bytes come with a type that does no harm.
 */
export function compared(placeholder: string, storedAs: string): string {
  const [, type, collation] = codePageText.exec(storedAs) ?? [];
  if (type !== undefined && collation !== undefined) return inCodePage(placeholder, type, collation);
  const finer = coarseTimes.get(storedAs);
  if (finer !== undefined) return inCoarseTime(placeholder, storedAs, finer);
  return castTypes.test(storedAs) ? `try_cast(${placeholder} as ${storedAs})` : placeholder;
}

/** What the code page lacks would become another character, and what is too long would be cut: it must come back as it went. */
function inCodePage(placeholder: string, type: string, collation: string): string {
  const text = `cast(${placeholder} collate ${collation} as ${type})`;
  const asBefore = `cast(${text} as nvarchar(4000)) collate Latin1_General_100_BIN2 = ${placeholder} collate Latin1_General_100_BIN2`;
  return `case when ${asBefore} then ${text} end`;
}

/** What lies between two times that the type holds would become one of them, and find its row. */
function inCoarseTime(placeholder: string, type: string, finer: string): string {
  const time = `try_cast(${placeholder} as ${type})`;
  return `case when cast(${time} as ${finer}) = try_cast(${placeholder} as ${finer}) then ${time} end`;
}
