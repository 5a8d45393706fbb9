#!/usr/bin/env node
// The published package holds `dist`; the repository the sources, which Node runs as they are.
import { existsSync } from 'node:fs';

if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`error: tenantry needs Node 24 or later, this is ${process.versions.node}\n`);
  process.exit(1);
}
const source = new URL('../src/bin.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/src/bin.js', import.meta.url).href);
