import type { Device } from '../model/device.ts';
import type { Maintenance } from '../model/maintenance.ts';
import { areasWithin, type Town } from '../model/town.ts';

/** So long after its end a window is remembered, for samples that come late, ms: longer than the gate takes any. */
const REMEMBERED = 31 * 86_400_000;

/** The windows in which devices are worked on, as the journal tells of them. */
export class MaintenanceBook {
  readonly all = new Map<string, Maintenance>();
  /** Ids of those that changed since the last checkpoint, also of those that are gone. */
  readonly changed = new Set<string>();
  /** Goes up when one of them is another. */
  version = 0;

  /** Takes a window as it is from `at` (ms) on. */
  take(maintenance: Maintenance, at: number): void {
    this.version++;
    this.all.set(maintenance.id, maintenance);
    this.changed.add(maintenance.id);
    for (const [id, { to }] of this.all) {
      if (to >= at - REMEMBERED) continue;
      this.all.delete(id);
      this.changed.add(id);
    }
  }

  /** The windows that cover a device, by their beginning. */
  of(device: Device, town: Town | null): readonly Maintenance[] {
    if (this.all.size === 0) return NONE;
    const found = [...this.all.values()].filter(({ subject, from, to }) => from < to && covers(subject, device, town));
    return found.length === 0 ? NONE : found.sort((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1));
  }
}

const NONE: readonly Maintenance[] = [];

function covers({ type, id }: Maintenance['subject'], device: Device, town: Town | null): boolean {
  if (type === 'parent') return device.parent === id;
  if (type === 'device') return device.id === id || device.gateway === id;
  return device.area === id || (town !== null && areasWithin(town, id).includes(device.area));
}

/** The window that one who is covered by these is in at `at` (ms); null where it is in none. */
export function maintenanceAt(windows: readonly Maintenance[], at: number): Maintenance | null {
  for (const window of windows) if (at >= window.from && at < window.to) return window;
  return null;
}

/** The first instant after `at` at which one of these windows begins or ends, ms; Infinity where none does. */
export function edgeAfter(windows: readonly Maintenance[], at: number): number {
  let edge = Number.POSITIVE_INFINITY;
  for (const { from, to } of windows) for (const one of [from, to]) if (one > at && one < edge) edge = one;
  return edge;
}

/** When the last of these windows that are over at `at` ended, ms; -Infinity where none is. */
export function maintainedUntil(windows: readonly Maintenance[], at: number): number {
  let until = Number.NEGATIVE_INFINITY;
  for (const { to } of windows) if (to <= at && to > until) until = to;
  return until;
}
