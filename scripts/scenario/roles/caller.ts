import type { Narrator } from '../narrator.ts';
import { column, get, type Service, type Token } from '../service.ts';

/** Somebody with a token, who asks the data API. */
export class Caller {
  readonly #service: Service;
  readonly #narrator: Narrator;
  readonly #token: Token;

  constructor(service: Service, narrator: Narrator, token: Token) {
    this.#service = service;
    this.#narrator = narrator;
    this.#token = token;
  }

  /** Ids of a table's rows that he is shown. */
  async list(table: string): Promise<unknown[]> {
    return column(await get(this.#service, this.#narrator, `/v1/${table}`, this.#token), 'Id');
  }

  /** The status by which a change is answered. */
  async send(method: 'POST' | 'PATCH' | 'DELETE', path: string, row?: object): Promise<number> {
    const { variable, text } = this.#token;
    const body = row === undefined ? {} : { body: JSON.stringify(row) };
    const shown = row === undefined ? '' : ` -H 'Content-Type: application/json' -d '${JSON.stringify(row)}'`;
    this.#narrator.code(`curl -s -X ${method} -H "Authorization: Bearer $${variable}"${shown} ${this.#service.api}/v1/${path}`);
    const headers = { authorization: `Bearer ${text}`, ...(row === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await fetch(`${this.#service.api}/v1/${path}`, { method, headers, ...body });
    await answer.body?.cancel();
    this.#narrator.answer([String(answer.status)]);
    return answer.status;
  }
}
