import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import pg from 'pg';

/** What people write: the same route, a pool of pg as the tables' owner, a prepared query with an explicit tenant, no token. */
const text = 'select "BlogId", "Name" from "Blogs" where "TenantId" = $1 and "BlogId" = $2';
const pool = new pg.Pool({ connectionString: process.argv[2], max: 10 });
const app = new Hono();
app.get('/v1/:table/:key', async (context) => {
  const values = [Number(context.req.query('tenant')), Number(context.req.param('key'))];
  const { rows } = await pool.query<object>({ name: 'blog', text, values });
  return rows[0] === undefined ? context.notFound() : context.json(rows[0]);
});
const answer = getRequestListener(app.fetch);
const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ api: `http://127.0.0.1:${port}` })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
