import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Store, Table } from '../kernel/store.ts';

/** A new device secret: 256 random bits, URL-safe. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Device secrets as SHA-256. No slow hash: secrets of 256 random bits can't be guessed, and ten thousand devices that
 * reconnect at once must not cost minutes (DESIGN.md §9).
 */
export class Credentials {
  readonly #table: Table<string, Buffer>;
  readonly #hashes = new Map<string, Buffer>();

  constructor(store: Store) {
    this.#table = store.bytes('credentials');
    for (const { key, value } of this.#table.entries()) this.#hashes.set(key, Buffer.from(value));
  }

  /** Whether `secret` is the device's; takes as long either way. */
  match(id: string, secret: Buffer): boolean {
    const stored = this.#hashes.get(id);
    return stored !== undefined && timingSafeEqual(stored, hash(secret));
  }

  /** Stores a secret; call it inside a transaction, and `remember` once that is durable. */
  write(id: string, secret: string): void {
    this.#table.put(id, hash(secret));
  }

  /** From now on this is the device's secret. */
  remember(id: string, secret: string): void {
    this.#hashes.set(id, hash(secret));
  }
}

function hash(secret: Buffer | string): Buffer {
  return createHash('sha256').update(secret).digest();
}
