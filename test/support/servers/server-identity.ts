import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

/** Where a WAL segment's first page keeps the system identifier (XLogLongPageHeaderData of PostgreSQL's xlog_internal.h). */
const walIdentifierOffset = 24;

/**
 * Gives a freshly copied, cleanly shut down data directory a system identifier of its own, so that copies of one template are
 * different servers to whoever compares. The identifier stands first in `global/pg_control`, whose checksum follows its fields,
 * and in the first page of the one WAL segment that initdb leaves.
 */
export function renewIdentity(dataDirectory: string): void {
  const identifier = randomBytes(8);
  identifier.writeUInt8(identifier.readUInt8(7) & 0x7f, 7);

  const controlPath = join(dataDirectory, 'global', 'pg_control');
  const control = readFileSync(controlPath);
  const previous = Buffer.from(control.subarray(0, 8));
  const checksumOffset = findChecksum(control);
  identifier.copy(control, 0);
  control.writeUInt32LE(crc32c(control.subarray(0, checksumOffset)), checksumOffset);
  overwrite(controlPath, control, 0);

  const segments = readdirSync(join(dataDirectory, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name));
  for (const segment of segments) {
    const path = join(dataDirectory, 'pg_wal', segment);
    if (!readAt(path, walIdentifierOffset, 8).equals(previous))
      throw new Error(`${path} does not begin with the page header of this PostgreSQL version.`);
    overwrite(path, identifier, walIdentifierOffset);
  }
}

/** The checksum covers everything before itself, so where it lies (another place in each version) can be found by trying. */
function findChecksum(control: Buffer): number {
  for (let offset = 64; offset <= 508; offset += 4) if (control.readUInt32LE(offset) === crc32c(control.subarray(0, offset))) return offset;
  throw new Error('pg_control holds no checksum where this PostgreSQL version should have one.');
}

/** CRC-32C (Castagnoli), which node:zlib lacks. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function readAt(path: string, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, length, position);
  } finally {
    closeSync(file);
  }
  return bytes;
}

/** Writes in place, which keeps owner and mode. */
function overwrite(path: string, bytes: Uint8Array, position: number): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, position);
  } finally {
    closeSync(file);
  }
}
