import { randomUUID } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';
import { type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { Device } from '../model/device.ts';
import type { Exclusion, ExclusionReason, ExclusionSubject } from '../model/exclusion.ts';
import type { NewRecord } from '../model/record.ts';
import type { Stretch } from '../model/stretch.ts';
import type { Town } from '../model/town.ts';
import { POINT_KIND } from './pressure.ts';

/** An exclusion as it is handed in; instants in ms. */
export interface ExclusionNotice {
  subject: ExclusionSubject;
  reason: ExclusionReason;
  from: number;
  to: number;
  approver: string;
}

/** What exclusions stand on. */
export interface ExclusionParts {
  store: Store;
  points: { list(filter: { kind: string }): Device[] };
  /** Appends, with `alongside` in the same transaction. */
  journal: { append(records: readonly NewRecord[], alongside: (appended: { at: number }) => void): Promise<unknown> };
  /** Hours of the record that have to be made again; called in the transaction of the change. */
  marks: { again(devices: readonly string[], from: number, to: number): void };
  town: Town;
  clock: Clock;
}

const DAY_MS = 86_400_000;
/** Papers come late: so long after its end a period is still taken, ms; and so long it may be, that a slip is seen. */
const OLDEST = 400 * DAY_MS;
const LONGEST = 92 * DAY_MS;

/** The periods that are left out of pressure compliance; each is a change in the journal, and stays listed when it is withdrawn. */
export class Exclusions {
  readonly #parts: ExclusionParts;
  /** By when it was entered. */
  readonly #table: Table<[number, string], Exclusion>;
  #inForce: readonly Exclusion[];

  constructor(parts: ExclusionParts) {
    this.#parts = parts;
    this.#table = parts.store.table('reports.exclusions');
    this.#inForce = this.#read();
  }

  /** Those that exclude anything. */
  inForce(): readonly Exclusion[] {
    return this.#inForce;
  }

  /** All that were ever entered, the last one first. */
  list(): Exclusion[] {
    return [...this.#table.entries({ reverse: true })].map(({ value }) => value);
  }

  /** Takes an approved period that `by` enters. @throws TownError `invalid` with everything that is wrong */
  async enter(notice: ExclusionNotice, by: string): Promise<Exclusion> {
    const problems = [...this.#problemsOf(notice.subject), ...this.#periodProblems(notice)];
    if (problems.length > 0) throw new TownError('invalid', `${problems.length} problem(s)`, { problems });
    const exclusion = { id: randomUUID(), ...notice, by, withdrawnBy: null };
    await this.#record(exclusion, by, (at) => this.#table.put([at, exclusion.id], exclusion));
    return exclusion;
  }

  /** Takes one back, as if it had never been. @throws TownError `not-found`, `conflict` when that was done already */
  async withdraw(id: string, by: string): Promise<Exclusion> {
    const found = [...this.#table.entries()].find(({ value }) => value.id === id);
    if (found === undefined) throw new TownError('not-found', `no exclusion ${id}`);
    const { key, value } = found;
    if (value.withdrawnBy !== null) throw new TownError('conflict', `the exclusion ${id} is withdrawn already`);
    const withdrawn = { ...value, withdrawnBy: by };
    await this.#record(withdrawn, by, () => this.#table.put(key, withdrawn));
    return withdrawn;
  }

  #problemsOf({ type, id }: ExclusionSubject): Problem[] {
    const { town, points } = this.#parts;
    const known = type === 'zone' ? town.network : points.list({ kind: POINT_KIND });
    if (known.some((one) => one.id === id)) return [];
    const hint = didYouMean(
      id,
      known.map((one) => one.id),
    );
    return [{ path: 'subject.id', message: `no ${type === 'zone' ? 'zone' : 'pressure point'} ${id}${hint}` }];
  }

  #periodProblems({ from, to }: ExclusionNotice): Problem[] {
    if (to <= from) return [{ path: 'to', message: 'it ends after it begins' }];
    if (to - from > LONGEST) return [{ path: 'to', message: 'it lasts for 92 days at most; enter several' }];
    if (to < this.#parts.clock.now() - OLDEST)
      return [{ path: 'to', message: 'it ended more than 400 days ago; what was reported of then stands' }];
    return [];
  }

  async #record(exclusion: Exclusion, by: string, alongside: (at: number) => void): Promise<void> {
    const { journal, marks, points } = this.#parts;
    const { from, to, subject } = exclusion;
    // Of a zone it is those that hung from it then; who did not comes to the same figures as before.
    const ids = subject.type === 'point' ? [subject.id] : points.list({ kind: POINT_KIND }).map(({ id }) => id);
    await journal.append([{ type: 'change', change: { what: 'exclusion', exclusion }, by }], ({ at }) => {
      alongside(at);
      marks.again(ids, from, to);
    });
    this.#inForce = this.#read();
  }

  #read(): Exclusion[] {
    return this.list().filter(({ withdrawnBy }) => withdrawnBy === null);
  }
}

/** Stretches of points, parted at what is excluded of them: what counts, and what does not; each in the order of time. */
export function partedBy(
  exclusions: readonly Exclusion[],
  stretches: readonly Stretch[],
): { counted: Stretch[]; excluded: Stretch[] } {
  const [counted, excluded]: [Stretch[], Stretch[]] = [[], []];
  for (const stretch of stretches) {
    let begin = stretch.from;
    for (const { from, to } of windowsOf(exclusions, stretch)) {
      const [start, end] = [Math.max(begin, from), Math.min(stretch.to, to)];
      if (end <= start) continue;
      if (start > begin) counted.push({ ...stretch, from: begin, to: start });
      excluded.push({ ...stretch, from: start, to: end });
      begin = end;
    }
    if (begin < stretch.to) counted.push({ ...stretch, from: begin });
  }
  return { counted, excluded };
}

function windowsOf(exclusions: readonly Exclusion[], { device }: Stretch): Exclusion[] {
  return exclusions
    .filter(({ subject: { type, id } }) => id === (type === 'point' ? device.id : device.parent))
    .sort((a, b) => a.from - b.from);
}
