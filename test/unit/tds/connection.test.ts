import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startTdsServer } from '../../support/tds/server.ts';
import { doneStatus, doneToken } from '../../support/tds/tokens.ts';

const [batchType, attentionType, lastPacket] = [1, 6, 1];
/** An answer that is a DONE alone. */
const answerBytes = 21;
/** ALL_HEADERS with a transaction descriptor of none (MS-TDS 2.2.5.3). */
const headers = Buffer.from('16000000120000000200000000000000000001000000', 'hex');

function packet(type: number, data: Uint8Array): Buffer {
  const header = Buffer.from([type, lastPacket, 0, 0, 0, 0, 1, 0]);
  header.writeUInt16BE(header.length + data.length, 2);
  return Buffer.concat([header, data]);
}

function batch(text: string): Buffer {
  return packet(batchType, Buffer.concat([headers, Buffer.from(text, 'utf16le')]));
}

/** The status of the DONE that ends an answer of nothing else. */
function doneStatusOf(answer: Buffer): number {
  expect(answer[8]).toBe(0xfd);
  return answer.readUInt16LE(9);
}

test('an attention that comes with its request is acknowledged behind the answer to it, also while the script of the one before goes on', async () => {
  const goesOn = Promise.withResolvers<void>();
  await using server = await startTdsServer({
    request: async ({ text }, answer) => {
      if (text !== 'WAIT') {
        await answer.end(doneToken('DONE'));
        await goesOn.promise;
      } else if (!answer.attention.aborted) await once(answer.attention, 'abort');
    },
  });
  const socket = connect(server.port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(batch('FIRST'));
    await once(socket, 'data');
    const received = (async () => {
      let bytes = Buffer.of();
      for await (const more of socket) {
        bytes = Buffer.concat([bytes, more as Buffer]);
        if (bytes.length >= 2 * answerBytes) return bytes;
      }
      return bytes;
    })();
    const both = server.recording.next('attention');
    socket.write(Buffer.concat([batch('WAIT'), packet(attentionType, Buffer.of())]));
    await both;
    goesOn.resolve();
    const answers = await received;
    expect([0, answerBytes].map((at) => doneStatusOf(answers.subarray(at)) & doneStatus.attention)).toEqual([0, doneStatus.attention]);
  } finally {
    socket.destroy();
  }
});
