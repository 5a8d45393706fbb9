/** When a server that lets nobody in now will: once the database is awake, or once it was left alone for a while. */
export type LetsInLater = 'awake' | 'left alone';

/** Where and how a database refused a statement. `position` counts characters of the statement's text from 1. */
interface SqlFailureDetails {
  /** Empty where the server does not tell one. */
  readonly sqlState?: string;
  /** Number of the error, where the server has numbers for them. */
  readonly number?: number | undefined;
  readonly constraint?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly position?: number | undefined;
  /** The server did not let the login in. */
  readonly loginRefused?: boolean;
  /** A trigger, function or procedure of the database's owners refused in words of its own; PostgreSQL by RAISE without a code. */
  readonly raised?: boolean;
  /** No part of a partitioned table takes the row. */
  readonly noPart?: boolean;
  /** Set where the server lets nobody in yet and will. */
  readonly letsInLater?: LetsInLater | undefined;
}

/** Cause of a TenantryError: what a database said, without its message, detail and hint, which can hold a row's values. */
export class SqlFailure extends Error implements SqlFailureDetails {
  override readonly name = 'SqlFailure';
  readonly sqlState: string;
  readonly number: number | undefined;
  readonly constraint: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly position: number | undefined;
  readonly loginRefused: boolean;
  readonly raised: boolean;
  readonly noPart: boolean;
  readonly letsInLater: LetsInLater | undefined;

  constructor(details: SqlFailureDetails) {
    super(describe(details));
    this.sqlState = details.sqlState ?? '';
    this.number = details.number;
    this.constraint = details.constraint;
    this.table = details.table;
    this.column = details.column;
    this.position = details.position;
    this.loginRefused = details.loginRefused ?? false;
    this.raised = details.raised ?? false;
    this.noPart = details.noPart ?? false;
    this.letsInLater = details.letsInLater;
  }
}

function describe({ sqlState, number, constraint, table, column, position, loginRefused }: SqlFailureDetails): string {
  const parts = [
    loginRefused === true ? 'The server did not let the login in' : '',
    number === undefined ? `SQLSTATE ${sqlState ?? ''}` : `error ${number}`,
    table === undefined ? '' : `table ${table}`,
    column === undefined ? '' : `column ${column}`,
    constraint === undefined ? '' : `constraint ${constraint}`,
    position === undefined ? '' : `at character ${position}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}
