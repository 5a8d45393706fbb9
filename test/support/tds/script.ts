import type { Answer } from './answer.ts';
import type { TdsLogin } from './login.ts';
import type { TdsRequest } from './request.ts';

/** The server's side of a connection, as a script sees it. */
export interface TdsConnection {
  /** From 1, in the order in which they came. */
  readonly id: number;
  /** What the client said of itself; undefined before. */
  readonly login: TdsLogin | undefined;
  /** Ends the connection, whatever is going on. */
  drop(how: 'fin' | 'rst'): void;
}

/** What a server says, and when; an answer that a script leaves open is ended with a bare DONE. What it throws makes `close` reject. */
export interface TdsScript {
  /** Answers a login; by default everybody is let in. `admit` sends what lets one in. */
  login?(login: TdsLogin, answer: Answer, connection: TdsConnection, admit: () => Promise<void>): void | Promise<void>;
  /** Answers the SETs that the driver sends after a login; by default with a DONE. */
  initialSql?(answer: Answer, connection: TdsConnection): void | Promise<void>;
  /** Answers a request. */
  request(request: TdsRequest, answer: Answer, connection: TdsConnection): void | Promise<void>;
  /** Decides on an attention; `ignore` leaves it, and the interrupted answer, without an end. By default it is acknowledged. */
  attention?(connection: TdsConnection): 'acknowledge' | 'ignore' | Promise<'acknowledge' | 'ignore'>;
  /** Tokens at the end of an answer that an attention interrupts: what it did to the session. */
  interrupted?(connection: TdsConnection): readonly Buffer[];
  closed?(connection: TdsConnection): void;
}
