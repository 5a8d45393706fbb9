import { once } from 'node:events';
import { createServer } from 'node:net';

/** A server that says which version of PostgreSQL it is, lets everybody in and answers nothing else. */
export interface OldServer {
  readonly host: string;
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Stands for a version of which there are no programs here. */
export async function startOldServer(version: string): Promise<OldServer> {
  const server = createServer((socket) => {
    socket.once('data', () => {
      const parameter = Buffer.from(`server_version\0${version}\0`);
      socket.write(Buffer.concat([message('R', Buffer.alloc(4)), message('S', parameter), message('Z', Buffer.from('I'))]));
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    host: '127.0.0.1',
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
