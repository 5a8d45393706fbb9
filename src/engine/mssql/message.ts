import type { TypedParameter } from './parameter-types.ts';

/** One message to the server: a call of sp_executesql with typed parameters, or a batch of the program's own without any. */
export type Message =
  | { readonly kind: 'call'; readonly text: string; readonly parameters: readonly TypedParameter[] }
  | { readonly kind: 'batch'; readonly text: string };

/** Headers, the procedure's number and flags, types and lengths of its first two parameters. */
const callBytes = 128;
/** Name, type, collation and lengths of a parameter, beside the value and both mentions of its name. */
const parameterBytes = 96;
const packetHeaderBytes = 8;

/** Whether a message is certain to be one packet: an estimate that is never too small (MS-TDS, "RPC Request"). */
export function fitsOnePacket(message: Message, packetBytes: number): boolean {
  let bytes = callBytes + message.text.length * 2;
  if (message.kind === 'call') {
    for (const { name, value } of message.parameters) {
      bytes += parameterBytes + name.length * 4;
      if (typeof value === 'string') bytes += value.length * 2;
      else if (Buffer.isBuffer(value)) bytes += value.length;
    }
  }
  return bytes <= packetBytes - packetHeaderBytes;
}
