/** A type whose values are bytes in the code page of a collation, as `shard/describe-tables` writes it. */
const codePageText = /^((?:var)?char\(\d+\)) COLLATE (\w+)$/;
/** Types to which the server would bring the column instead of the value, or which it would compare with another's rounding. */
const castTypes =
  /^(?:tinyint|smallint|bigint|bit|real|money|smallmoney|uniqueidentifier|date|datetime|smalldatetime|(?:decimal|numeric)\(\d+,\d+\)|(?:datetime2|datetimeoffset|time)\(\d\))$/;

/**
 * A parameter in the type of the column that it is compared with: of two types the server converts the lower one, which may be
 * the column, and reads it whole (*Data type precedence*). A value that the type does not hold equals nothing. Integers, Unicode
 * text and bytes come with a type that does no harm.
 */
export function compared(placeholder: string, storedAs: string): string {
  const [, type, collation] = codePageText.exec(storedAs) ?? [];
  if (type !== undefined && collation !== undefined) return inCodePage(placeholder, type, collation);
  return castTypes.test(storedAs) ? `try_cast(${placeholder} as ${storedAs})` : placeholder;
}

/** What the code page lacks would become another character, and what is too long would be cut: it must come back as it went. */
function inCodePage(placeholder: string, type: string, collation: string): string {
  const text = `cast(${placeholder} collate ${collation} as ${type})`;
  const asBefore = `cast(${text} as nvarchar(4000)) collate Latin1_General_100_BIN2 = ${placeholder} collate Latin1_General_100_BIN2`;
  return `case when ${asBefore} then ${text} end`;
}
