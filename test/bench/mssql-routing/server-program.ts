import { PassThrough } from 'node:stream';
import { Answer } from '../../support/tds/answer.ts';
import { packetHeaderBytes } from '../../support/tds/packets.ts';
import type { TdsRequest } from '../../support/tds/request.ts';
import type { TdsConnection } from '../../support/tds/script.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { ScriptedShard } from '../../support/scripted-shard.ts';

/**
 * A scripted shard in a process of its own: one row for every statement. The model is asked once for each text and each
 * tenant; its answer is sent again from then on, because a server that works longer for one message than for another has
 * the client wake up more often for it, and that would count as the client's own work.
 */
const shard = await ScriptedShard.start();
shard.answer = () => ({ columns: { BlogId: 'int', Name: 'nvarchar(40)' }, rows: [[1, 'a blog']] });

const answers = new Map<string, Promise<Buffer>>();
const server = await startTdsServer({
  request: async (request, answer, connection) => {
    server.recording.take();
    const known = keyOf(request);
    let bytes = answers.get(known);
    if (bytes === undefined) answers.set(known, (bytes = said(request, connection)));
    await answer.end(await bytes);
  },
});
process.stdout.write(`${server.port}\n`);
process.once('SIGTERM', () => process.exit(0));

function keyOf(request: TdsRequest): string {
  const entry = request.kind === 'rpc' ? request.parameters.find(({ name }) => name.startsWith('@tenantry_'))?.value : undefined;
  return `${request.reset} ${String(entry)} ${'text' in request ? request.text : ''}`;
}

/** What the model says, without the headers of packets. */
async function said(request: TdsRequest, connection: TdsConnection): Promise<Buffer> {
  const packets: Buffer[] = [];
  await shard.model.request(
    request,
    new Answer({
      stream: new PassThrough().resume(),
      packetSize: 65_535,
      drop: () => undefined,
      sent: (_, __, bytes) => packets.push(bytes.subarray(packetHeaderBytes)),
    }),
    connection,
  );
  return Buffer.concat(packets);
}
