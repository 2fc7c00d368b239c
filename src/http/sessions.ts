import { createHash, randomBytes } from 'node:crypto';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { Clock } from '../kernel/clock.ts';
import type { Principal } from './principal.ts';

/** The name of the session's cookie. */
export const SESSION_COOKIE = 'townpulse_session';

const LIFETIME_MS = 12 * 3_600_000;
const KEPT = 10_000;

/** How the cookie is set: no script reads it, and no other site's page sends it. */
export const SESSION_COOKIE_OPTIONS: CookieSerializeOptions = {
  path: '/',
  httpOnly: true,
  sameSite: 'strict',
  maxAge: LIFETIME_MS / 1_000,
};

/**
 * Who has signed in from a browser. Sessions live in memory for twelve hours of real time, under the hash of a random id, so
 * that a look at the memory opens none; a restart ends them.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #open = new Map<string, { principal: Principal; ends: number }>();

  constructor(realClock: Clock) {
    this.#clock = realClock;
  }

  /** Opens a session and gives its id, for the cookie. */
  begin(principal: Principal): string {
    const id = randomBytes(32).toString('base64url');
    this.#open.set(hash(id), { principal, ends: this.#clock.now() + LIFETIME_MS });
    this.#forgetOldest();
    return id;
  }

  /** Whose session it is; null when there is none, or it has ended. */
  find(id: string): Principal | null {
    const key = hash(id);
    const session = this.#open.get(key);
    if (session === undefined) return null;
    if (session.ends > this.#clock.now()) return session.principal;
    this.#open.delete(key);
    return null;
  }

  end(id: string): void {
    this.#open.delete(hash(id));
  }

  #forgetOldest(): void {
    if (this.#open.size <= KEPT) return;
    for (const oldest of this.#open.keys()) {
      this.#open.delete(oldest);
      return;
    }
  }
}

function hash(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
