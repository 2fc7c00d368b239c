import type { FileHandle } from 'node:fs/promises';

/*
 * As much of the tar format (POSIX ustar) as a backup needs: plain files, each a header of 512 bytes, its bytes, and
 * zeros up to the next 512; two blocks of zeros end it. `tar xf` reads what is written here.
 */

const BLOCK = 512;
/** What eleven octal digits hold; a longer file has its size in base 256, as GNU tar writes it. */
const OCTAL_MOST = 8 ** 11 - 1;

/** A file in a tar. */
export interface TarEntry {
  name: string;
  size: number;
  /** Where its bytes begin. */
  at: number;
}

/** The header of a file that only its owner may read. @throws Error for a name that does not fit into one */
export function tarHeader(name: string, size: number, modifiedSeconds: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long a name for a tar`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  if (size <= OCTAL_MOST) header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else {
    header.writeUInt8(0x80, 124);
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  header.write(`${Math.floor(modifiedSeconds).toString(8).padStart(11, '0')}\0`, 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** The zeros after a file of this size. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** The end of a tar. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

/** The files of a tar, in order, without reading them; null for one that is no tar or ends before its end. */
export async function* tarEntries(file: FileHandle): AsyncGenerator<TarEntry | null> {
  const header = Buffer.alloc(BLOCK);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(header, 0, BLOCK, at);
    if (bytesRead === BLOCK && header.every((byte) => byte === 0)) return;
    if (bytesRead < BLOCK || octal(header, 148, 8) !== checksum(header)) {
      yield null;
      return;
    }
    const size =
      header.readUInt8(124) === 0x80 ? Number(header.readBigUInt64BE(128)) : (octal(header, 124, 12) ?? Number.NaN);
    const name = header.toString('utf8', 0, Math.min(100, header.indexOf(0)));
    yield { name, size, at: at + BLOCK };
    at += BLOCK + size + tarPadding(size).length;
  }
}

/** The sum of the header's bytes, its own field taken as spaces. */
function checksum(header: Buffer): number {
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += header[at] as number;
  return sum;
}

function octal(header: Buffer, from: number, length: number): number | null {
  const match = /^ *([0-7]+)/.exec(header.toString('latin1', from, from + length));
  return match === null ? null : Number.parseInt(match[1] as string, 8);
}
