import { randomUUID } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';
import { TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { Device } from '../model/device.ts';
import {
  type Maintenance,
  type MaintenanceState,
  type MaintenanceSubject,
  maintenanceState,
} from '../model/maintenance.ts';
import { areasWithin, type Town } from '../model/town.ts';
import type { ChangeJournal } from './registry.ts';

/** A window as it is announced; instants in ms, without `from` it begins at once. */
export interface MaintenanceNotice {
  subject: MaintenanceSubject;
  from?: number | undefined;
  to: number;
  reason: string;
}

/** A window with how it stands now. */
export type StandingMaintenance = Maintenance & { state: MaintenanceState };

/** How far the clock of who announces a window may be behind, ms. */
const BEHIND = 300_000;
/** How long a window may last, ms: a slip in the year must not blind the town for good. */
const LONGEST = 366 * 86_400_000;

/** The windows in which somebody works on devices; each is a change in the journal, and stays listed when it is over. */
export class Maintenances {
  readonly #devices: { find(id: string): Device | undefined };
  readonly #journal: ChangeJournal;
  readonly #clock: Clock;
  readonly #town: Town;
  /** By when it was announced. */
  readonly #windows: Table<[number, string], Maintenance>;

  constructor(
    store: Store,
    devices: { find(id: string): Device | undefined },
    journal: ChangeJournal,
    clock: Clock,
    town: Town,
  ) {
    this.#devices = devices;
    this.#journal = journal;
    this.#clock = clock;
    this.#town = town;
    this.#windows = store.table('maintenance');
  }

  /** Takes a window that `by` announces. @throws TownError `invalid` with everything that is wrong */
  async announce(notice: MaintenanceNotice, by: string): Promise<StandingMaintenance> {
    const now = this.#clock.now();
    const { subject, to, reason } = notice;
    const asked = notice.from ?? now;
    const from = Math.max(asked, now);
    const problems = this.#problemsOf(subject);
    if (asked < now - BEHIND)
      problems.push({ path: 'from', message: 'it begins now or later: what was judged by now stays judged' });
    if (to <= from) problems.push({ path: 'to', message: 'it ends after it begins, and after now' });
    else if (to - from > LONGEST) problems.push({ path: 'to', message: 'it lasts for a year at most' });
    if (problems.length > 0) throw new TownError('invalid', `${problems.length} problem(s)`, { problems });
    const maintenance = { id: randomUUID(), subject, from, to, reason, by, endedBy: null };
    await this.#record(maintenance, by, (at) => this.#windows.put([at, maintenance.id], maintenance));
    return { ...maintenance, state: maintenanceState(maintenance, now) };
  }

  /** Ends a window now; one that had not begun never was. @throws TownError `not-found`, `conflict` when it is over */
  async end(id: string, by: string): Promise<StandingMaintenance> {
    const [key, known] = this.#find(id);
    const now = this.#clock.now();
    if (maintenanceState(known, now) === 'over') throw new TownError('conflict', `the window ${id} is over already`);
    const ended = { ...known, to: Math.max(now, known.from), endedBy: by };
    await this.#record(ended, by, () => this.#windows.put(key, ended));
    return { ...ended, state: 'over' };
  }

  /** Windows in one of these states, or all; the one that was announced last comes first. */
  list(state?: MaintenanceState): StandingMaintenance[] {
    const now = this.#clock.now();
    return [...this.#windows.entries({ reverse: true })]
      .map(({ value }) => ({ ...value, state: maintenanceState(value, now) }))
      .filter((window) => state === undefined || window.state === state);
  }

  #problemsOf({ type, id }: MaintenanceSubject): { path: string; message: string }[] {
    const { areas, network } = this.#town;
    if (type === 'device') {
      const device = this.#devices.find(id);
      if (device === undefined) return [{ path: 'subject.id', message: `no device ${id} is registered` }];
      return device.retiredAt === null ? [] : [{ path: 'subject.id', message: `${id} is retired` }];
    }
    const isThere = type === 'area' ? areasWithin(this.#town, id).length > 0 : network.some((node) => node.id === id);
    const known = (type === 'area' ? areas : network).map((thing) => thing.id);
    const what = type === 'area' ? 'area' : 'network node';
    return isThere ? [] : [{ path: 'subject.id', message: `no ${what} ${id}${didYouMean(id, known)}` }];
  }

  #find(id: string): [[number, string], Maintenance] {
    for (const { key, value } of this.#windows.entries()) if (value.id === id) return [key, value];
    throw new TownError('not-found', `no window ${id}`);
  }

  async #record(maintenance: Maintenance, by: string, alongside: (at: number) => void): Promise<void> {
    const change = { what: 'maintenance', maintenance } as const;
    await this.#journal.append([{ type: 'change', change, by }], ({ at }) => alongside(at));
  }
}
