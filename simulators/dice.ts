/**
 * Chance that can be repeated: every number is a hash of (seed, device, what for, instant), so a reading is the same
 * whenever and in whatever order it is asked for. The mixing is murmur-like (constants of Ettinger's `triple32` family).
 */
export class Dice {
  readonly #salt: number;

  constructor(seed: number, owner: string) {
    this.#salt = hashText(seed | 0, owner);
  }

  /** A number 0..1 that the owner has for life. */
  fixed(purpose: string): number {
    return mix(hashText(this.#salt, purpose), 0);
  }

  /** A number -1..1 for each number asked with, each independent of its neighbours. */
  noise(purpose: string): (at: number) => number {
    const salt = hashText(this.#salt, purpose);
    return (at) => mix(salt, at) * 2 - 1;
  }

  /** A number -1..1 that wanders smoothly: independent after `period`, of the unit of `at`. */
  drift(purpose: string, period: number): (at: number) => number {
    const salt = hashText(this.#salt, purpose);
    return (at) => {
      const step = Math.floor(at / period);
      const share = at / period - step;
      const eased = share * share * (3 - 2 * share);
      const before = mix(salt, step);
      return (before + (mix(salt, step + 1) - before) * eased) * 2 - 1;
    };
  }
}

function hashText(salt: number, text: string): number {
  let hash = salt ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

function mix(salt: number, at: number): number {
  const high = Math.floor(at / 2 ** 32);
  let hash = salt ^ Math.imul(at | 0, 0x9e3779b1) ^ Math.imul(high, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** `value` with so many `decimals`, as an instrument shows it. */
export function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
