import type { Verdict } from '../model/verdict.ts';
import type { ListedDevice } from './api.ts';

/** Devices of one kind, or of all, counted by verdict. */
export interface Tally extends Record<Verdict, number> {
  total: number;
  /** Those that are heard from: every verdict but silent. */
  online: number;
}

/** The devices in service, counted in all and by kind (in the order of their ids). */
export interface Inventory {
  all: Tally;
  byKind: [kind: string, tally: Tally][];
}

/** Counts devices by verdict; retired ones are left out. */
export function takeInventory(devices: readonly ListedDevice[]): Inventory {
  const all = emptyTally();
  const byKind = new Map<string, Tally>();
  for (const device of devices) {
    if (device.retiredAt !== null) continue;
    const ofKind = byKind.get(device.kind) ?? emptyTally();
    byKind.set(device.kind, ofKind);
    for (const tally of [all, ofKind]) {
      tally.total++;
      tally[device.verdict]++;
      if (device.verdict !== 'silent') tally.online++;
    }
  }
  return { all, byKind: [...byKind].sort(([a], [b]) => a.localeCompare(b)) };
}

function emptyTally(): Tally {
  return { total: 0, online: 0, ok: 0, breach: 0, silent: 0, unknown: 0, idle: 0 };
}
