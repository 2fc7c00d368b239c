import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Somebody who may use the API. */
export interface Principal {
  id: string;
  name: string;
  role: 'administrator' | 'duty-officer';
}

const ADMINISTRATOR: Principal = { id: 'admin', name: 'administrator', role: 'administrator' };

/** API tokens. For now there is one, the administrator's. */
export class Tokens {
  readonly #hash: Buffer;

  constructor(adminToken: string) {
    this.#hash = hash(adminToken);
  }

  /** Whose token it is; takes as long either way. */
  authenticate(token: string): Principal | null {
    return timingSafeEqual(this.#hash, hash(token)) ? ADMINISTRATOR : null;
  }
}

/**
 * The administrator's token: the one from the settings, or the one in `cli.token` of the data directory (mode 0600), made
 * at the first start. `created` says that it is new.
 */
export function adminToken(
  dataDir: string,
  fromSettings: string | undefined,
): { token: string; file: string | null; created: boolean } {
  if (fromSettings !== undefined) return { token: fromSettings, file: null, created: false };
  const file = join(dataDir, 'cli.token');
  if (existsSync(file)) {
    const token = readFileSync(file, 'utf8').trim();
    if (token !== '') return { token, file, created: false };
  }
  const token = randomBytes(32).toString('base64url');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return { token, file, created: true };
}

function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
