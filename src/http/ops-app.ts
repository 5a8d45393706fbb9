import { Hono } from 'hono';
import type { Lifecycle } from './lifecycle.ts';
import type { Metrics } from './observe/metrics.ts';

/** The second port, for those who run the service: no tokens, no rows. */
export function createOpsApp(lifecycle: Lifecycle, metrics: Metrics): Hono {
  const app = new Hono();
  app.get('/livez', (context) => context.text('ok'));
  // Ready is about this process alone: with the catalog or a shard away, the tenants of the others are still served.
  app.get('/readyz', (context) => (lifecycle.isReady ? context.text('ok') : context.text('not ready', 503)));
  app.get('/metrics', async (context) => {
    const { text, contentType } = await metrics.exposition();
    return context.body(text, 200, { 'content-type': contentType });
  });
  return app;
}
