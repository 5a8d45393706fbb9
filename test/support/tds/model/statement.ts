import type { Answer } from '../answer.ts';
import type { ColumnValue } from '../column-value.ts';
import type { RecordedParameter, TdsRequest } from '../request.ts';
import type { TdsConnection } from '../script.ts';
import type { Columns, ServerMessage } from '../tokens.ts';

/** A statement of a caller's that enter has let in, or a query of the program's own. */
export interface ModelStatement {
  readonly text: string;
  /** Without those of the entry. */
  readonly parameters: readonly RecordedParameter[];
  /** Key of the tenant in the session's context. */
  readonly tenant: Buffer | undefined;
  /** What its call has brought besides, `{}` where it has brought nothing. */
  readonly contextValues: string | undefined;
  readonly connection: TdsConnection;
  /** For rows that a script wants to send itself; aborted by an attention. */
  readonly answer: Answer;
}

/** What a statement answers. `effect` happens once its transaction is committed. */
export type StatementAnswer =
  /** `count`: of a statement behind the one with rows. */
  | { readonly columns: Columns; readonly rows: readonly (readonly ColumnValue[])[]; readonly count?: number; readonly effect?: () => void }
  | { readonly count: number; readonly effect?: () => void }
  /** `fatal`: ends the batch and rolls back even without XACT_ABORT. */
  | { readonly error: ServerMessage; readonly fatal?: boolean }
  /** The script has sent it. */
  | 'sent';

/** Moments of a message at which a test may act, such as drop the connection. */
export type Moment = 'read' | 'entered' | 'amid rows' | 'before commit' | 'after commit' | 'answered';

/** What happens at a moment. */
export interface MomentOf {
  readonly moment: Moment;
  readonly request: TdsRequest;
  readonly answer: Answer;
  readonly connection: TdsConnection;
}
