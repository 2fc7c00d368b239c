import { type Problem, TownError } from '../../kernel/errors.ts';
import type { Kinds } from '../../model/kind.ts';
import type { SampleRecord } from '../../model/record.ts';
import type { Sample } from '../../model/sample.ts';
import { decide, lookUps, type Whereabouts } from '../decide.ts';
import { type HistoryRow, type HistoryStore, type KindCounts, ROWS_PAGE } from '../port.ts';
import type { Onlooker } from '../writer.ts';
import { isEmpty, type Read, readInstant, readValue, readWhole } from './cells.ts';
import { deviceColumn, PROBLEM, type Role, readHeader } from './header.ts';
import { type Cell, readTable, type TableRow } from './table.ts';

/** Problems that are told; of the rest only how many there are. */
const TOLD = 50;
/** Rows in which a registered device must stand, for the kind of the file to be known. */
const LOOKED_AT = 1_000;
/** How far a clock may be ahead, ms: as where devices send. */
const AHEAD = 5 * 60_000;

/** What to import, and what of it people say. */
export interface ImportOrder {
  file: string;
  /** Unless said, that of the first registered device. */
  kind?: string;
  /** Of all rows. */
  device?: string;
  /** Columns by other names; '' ignores one. */
  columns: ReadonlyMap<string, string>;
  /** Of times without an offset, ms east of Greenwich; null refuses them. */
  offset: number | null;
  /** Takes bad rows; null refuses the file for one. */
  skip: ((cells: readonly Cell[], problem: string) => Promise<void>) | null;
  dryRun: boolean;
}

/** What an import stands on. */
export interface ImportParts {
  store: HistoryStore;
  kinds: Kinds;
  devices: Whereabouts & { find(id: string): { kind: string } | undefined };
  onlookers: readonly Onlooker[];
  /** The town's now, ms. */
  now: number;
  progress: (done: number, total: number) => void;
}

/** What became of the rows of a file. */
export interface Imported {
  kind: string;
  rows: number;
  /** New rows: they count as `imported`. */
  imported: number;
  /** Rows that were laid over one that was there. */
  merged: number;
  /** There already, with the same values. */
  duplicate: number;
  skipped: number;
}

/** A row of a file as a sample, or everything that is wrong with it. */
type Checked = { sample: Sample } | { problems: Problem[] };

/**
 * Imports a table of readings, whatever their age; no rule is run. The file is read twice, in constant memory: nothing is
 * taken before every row is known to be good. Rows meet those that are there as samples do (P6); killed on the way, the
 * same import made again comes to the same.
 * @throws TownError `invalid` with what is wrong, by line and column
 */
export async function importTable(order: ImportOrder, parts: ImportParts): Promise<Imported> {
  const importer = new Importer(order, parts);
  await importer.begin();
  const { rows, skipped } = await importer.check();
  const outcome = { kind: importer.kind, rows, imported: 0, merged: 0, duplicate: 0, skipped };
  return order.dryRun ? outcome : { ...outcome, ...(await importer.take(rows)) };
}

class Importer {
  readonly #order: ImportOrder;
  readonly #parts: ImportParts;
  #header: string[] = [];
  #roles: Role[] = [];
  kind = '';

  constructor(order: ImportOrder, parts: ImportParts) {
    this.#order = order;
    this.#parts = parts;
  }

  /** Finds out of which kind the file is, and what its columns are. */
  async begin(): Promise<void> {
    const { columns, device } = this.#order;
    let header: string[] | null = null;
    let found = this.#order.kind ?? (device === undefined ? undefined : this.#parts.devices.find(device)?.kind);
    let looked = 0;
    for await (const { cells } of readTable(this.#order.file)) {
      if (header === null) header = cells.map(String);
      else {
        const id = cells[deviceColumn(header, columns)];
        found ??= isEmpty(id) ? undefined : this.#parts.devices.find(String(id))?.kind;
        if (++looked === LOOKED_AT) break;
      }
      if (found !== undefined) break;
    }
    if (header === null) this.#refuse([{ path: 'file', message: 'it is empty' }], 1);
    if (looked === 0 && found === undefined)
      this.#refuse([{ path: 'file', message: 'it has a header, and no row' }], 1);
    if (device !== undefined && this.#parts.devices.find(device) === undefined) {
      this.#refuse([{ path: '--device', message: `no device ${device} is registered` }], 1);
    }
    const kind = this.#parts.kinds.get(found ?? '');
    if (kind === undefined) {
      const message =
        found === undefined
          ? `no device of its first ${LOOKED_AT} rows is registered: register them, or say --kind`
          : `there is no kind ${found}`;
      this.#refuse([{ path: 'file', message }], 1);
    }
    const { roles, problems } = readHeader(header, kind, columns, device !== undefined);
    if (problems.length > 0) this.#refuse(problems, problems.length);
    this.#header = header;
    this.#roles = roles;
    this.kind = kind.id;
  }

  /** Looks at every row. */
  async check(): Promise<{ rows: number; skipped: number }> {
    const told: Problem[] = [];
    let [rows, wrong, skipped] = [0, 0, 0];
    for await (const row of this.#rows()) {
      rows++;
      const checked = this.#check(row);
      if ('sample' in checked) continue;
      skipped++;
      wrong += checked.problems.length;
      if (told.length < TOLD) told.push(...checked.problems.slice(0, TOLD - told.length));
    }
    if (wrong > 0 && this.#order.skip === null) this.#refuse(told, wrong);
    return { rows, skipped };
  }

  async take(total: number): Promise<Pick<Imported, 'imported' | 'merged' | 'duplicate'>> {
    const { store, onlookers, progress, now } = this.#parts;
    const taken = { imported: 0, merged: 0, duplicate: 0 };
    const state = await store.open();
    try {
      const newest = new Map(state.newest);
      let counts: Readonly<Record<string, KindCounts>> = state.counts;
      let done = 0;
      let batch: SampleRecord[] = [];
      await this.#order.skip?.(this.#header, PROBLEM);
      const flush = async () => {
        const { wanted, devices } = lookUps(batch, newest);
        const existing: HistoryRow[] = [];
        for (const [kind, identities] of wanted) existing.push(...(await store.rowsAt(kind, identities)));
        const decided = decide(batch, newest, devices, existing, this.#parts.devices);
        const { inserts, replacements } = decided;
        counts = { ...counts, [this.kind]: withImported(counts[this.kind], inserts.length) };
        const rows = { inserts, replacements, events: [] };
        for (const onlooker of onlookers) await onlooker.touched(rows, state.cursor);
        await store.commit({ cursor: state.cursor, counts, ...rows });
        for (const [device, ts] of decided.newest) newest.set(device, ts);
        const count = decided.counts.get(this.kind);
        taken.imported += inserts.length;
        taken.merged += count?.merged ?? 0;
        taken.duplicate += count?.duplicate ?? 0;
        batch = [];
      };
      for await (const row of this.#rows()) {
        const checked = this.#check(row);
        done++;
        if ('sample' in checked) batch.push({ type: 'sample', offset: 0, at: now, sample: checked.sample });
        else if (this.#order.skip === null) throw changed(this.#order.file, checked.problems);
        else await this.#order.skip(row.cells, checked.problems.map(({ message }) => message).join('; '));
        if (batch.length < ROWS_PAGE) continue;
        await flush();
        progress(done, total);
      }
      if (batch.length > 0) await flush();
      progress(done, total);
    } finally {
      await store.close();
    }
    return taken;
  }

  async *#rows(): AsyncGenerator<TableRow, void> {
    let isHeader = true;
    for await (const row of readTable(this.#order.file)) {
      if (!isHeader) yield row;
      isHeader = false;
    }
  }

  #check({ line, cells }: TableRow): Checked {
    const problems: Problem[] = [];
    const say = (column: string, message: string) => problems.push({ path: `line ${line}${column}`, message });
    if (cells.length !== this.#roles.length) {
      say('', `${cells.length} cells, and the header has ${this.#roles.length}`);
      return { problems };
    }
    const sample: Sample = { device: this.#order.device ?? '', kind: this.kind, ts: Number.NaN, values: {} };
    for (const [index, role] of this.#roles.entries()) {
      const cell = cells[index];
      if (role.is === 'nothing' || isEmpty(cell)) continue;
      const name = role.is === 'field' ? role.field : role.is;
      const use = <T>(read: Read<T>, keep: (value: T) => void) =>
        'problem' in read ? say(`, ${name}`, read.problem) : keep(read.value);
      if (role.is === 'device') sample.device = String(cell);
      else if (role.is === 'ts') use(readInstant(cell, this.#order.offset), (ts) => Object.assign(sample, { ts }));
      else if (role.is === 'field')
        use(readValue(cell, role.of), (value) => Object.assign(sample.values, { [name]: value }));
      else use(readWhole(cell), (value) => Object.assign(sample, { [name]: value }));
    }
    if (problems.length === 0) this.#judge(sample, say);
    return problems.length === 0 ? { sample } : { problems };
  }

  #judge({ device, kind, ts, values }: Sample, say: (column: string, message: string) => void): void {
    const { devices, now } = this.#parts;
    const known = devices.find(device);
    if (device === '') say(', device', 'is missing');
    else if (known === undefined) say(', device', `no device ${device} is registered`);
    else if (known.kind !== kind) say(', device', `${device} is a ${known.kind}, and this file is of ${kind}`);
    if (Number.isNaN(ts)) say(', ts', 'is missing');
    else if (ts > now + AHEAD) say(', ts', 'lies in the future');
    if (Object.keys(values).length === 0) say('', 'has no value of any field');
  }

  #refuse(problems: readonly Problem[], count: number): never {
    const rest = count > problems.length ? `; the first ${problems.length} are` : '';
    const message = `${count} problem(s) in ${this.#order.file}; nothing was imported${rest}`;
    throw new TownError('invalid', message, { problems });
  }
}

function changed(file: string, problems: readonly Problem[]): TownError {
  const message = `${file} changed while it was imported: correct it, and import it again; what was taken is not taken twice`;
  return new TownError('invalid', message, { problems });
}

function withImported(counts: KindCounts | undefined, more: number): KindCounts {
  const { stored = 0, merged = 0, duplicate = 0, rejected = 0, imported = 0 } = counts ?? {};
  return { stored, merged, duplicate, rejected, imported: imported + more };
}
