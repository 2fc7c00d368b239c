import { explain, type Locator, readDocument } from '../../kernel/document.ts';
import { type Problem, TownError } from '../../kernel/errors.ts';
import { didYouMean } from '../../kernel/nearest.ts';
import type { Device, DeviceInput } from '../../model/device.ts';
import type { Kind, Kinds } from '../../model/kind.ts';
import { fromLocalTime } from '../../model/local-time.ts';
import type { MaintenanceSubject } from '../../model/maintenance.ts';
import { SERVICE, SERVICE_DEVICE, SERVICE_SUBJECT } from '../../model/service.ts';
import type { Town } from '../../model/town.ts';
import { idsOf, inOrder, type Rulebook } from '../rulebook.ts';
import { type Arrival, arrivalsOf, type ReadReport } from './arrivals.ts';
import {
  type ExpectedStep,
  type ExpectedVerdict,
  type LineContext,
  type LineFlaw,
  readStep,
  readVerdict,
} from './expectation.ts';
import { readMoment } from './moment.ts';
import { Row, type Test, TestFile } from './schema.ts';
import { isSeriesFlaw, readSeries, type Series } from './series.ts';

/** What a patrol found holds so long unless said, ms; as where it is handed in. */
const DAY = 86_400_000;

/** What a file of tests stands on: a town, its devices, and the rulebook that is tried. */
export interface TestSurroundings {
  kinds: Kinds;
  town: Town;
  book: Rulebook;
  /** The town's own devices, by id. */
  devices(): ReadonlyMap<string, Device>;
  /** The device of a row as the registry would hold it, or what it would not take, by path within the row. */
  register(input: DeviceInput): { device: Device; problems: readonly Problem[] };
  /** Another rulebook beside the file of tests. @throws TownError `rulebook-invalid` */
  rulebook(file: string): Rulebook;
}

/** A test that can be run. */
export interface ReadTest {
  name: string;
  rules: readonly string[];
  /** `FILE:LINE:COLUMN` of it. */
  place: string;
  /** What the journal holds besides ticks, in order. */
  arrivals: readonly Arrival[];
  /** ms */
  from: number;
  to: number;
  steps: readonly ExpectedStep[];
  verdicts: readonly ExpectedVerdict[];
}

/** A file of tests that can be run. */
export interface ReadFile {
  town: Town;
  book: Rulebook;
  tests: readonly ReadTest[];
}

/**
 * Reads a file of tests whole, or says everything that is wrong with it, each with `FILE:LINE:COLUMN` and the nearest right
 * name. `open` gives what it stands on, by what the file says of its town and its rulebook.
 */
export function readTests(
  text: string,
  file: string,
  open: (town: string | undefined, rules: string | undefined) => TestSurroundings,
): { ok: true; file: ReadFile } | { ok: false; problems: readonly Problem[] } {
  const document = readDocument(text, file, TestFile);
  if (!document.ok) return document;
  const { value, locate } = document;
  let around: TestSurroundings;
  try {
    around = open(value.town, value.rules);
  } catch (error) {
    if (!(error instanceof TownError)) throw error;
    const own = { path: locate.at([value.rules === undefined ? 'town' : 'rules']), message: error.message };
    return { ok: false, problems: [own, ...error.problems] };
  }
  const reader = new TestReader(locate, around);
  const shared = reader.rows(value.devices, ['devices'], new Map());
  const tests = value.tests.map((test, index) => reader.read(test, ['tests', index], shared));
  const { problems } = reader;
  if (problems.length > 0) return { ok: false, problems: inOrder(problems) };
  return { ok: true, file: { town: around.town, book: around.book, tests: tests.filter((test) => test !== null) } };
}

class TestReader {
  readonly problems: Problem[] = [];
  readonly #locate: Locator;
  readonly #around: TestSurroundings;
  readonly #rules: readonly string[];

  constructor(locate: Locator, around: TestSurroundings) {
    this.#locate = locate;
    this.#around = around;
    this.#rules = around.book.rules.flatMap(idsOf);
  }

  read(test: Test, path: PropertyKey[], shared: ReadonlyMap<string, Device>): ReadTest | null {
    const before = this.problems.length;
    const { timeZone } = this.#around.town;
    const rules = [test.rule].flat();
    rules.forEach((rule, index) => {
      if (!this.#rules.includes(rule))
        this.#wrong(
          [...path, 'rule', ...(Array.isArray(test.rule) ? [index] : [])],
          `there is no rule ${rule}${didYouMean(rule, this.#rules)}`,
        );
    });
    const from = fromLocalTime(test.from, timeZone);
    if (Number.isNaN(from)) this.#wrong([...path, 'from'], `${test.from} is no date and time`);
    const devices = this.rows(test.devices, [...path, 'devices'], shared);
    const context = { from, timeZone, rules, subjects: this.#subjects(devices) };
    const steps = this.#lines(test.expect, [...path, 'expect'], context, readStep);
    const verdicts = this.#lines(test.verdicts, [...path, 'verdicts'], context, readVerdict);
    const reports = test.reports.flatMap((report, index) =>
      this.#report(report, [...path, 'reports', index], devices, context),
    );
    const changes = test.events.flatMap((event, index) =>
      this.#event(event, [...path, 'events', index], devices, context),
    );
    const told = test.to === undefined ? null : this.#moment(test.to, [...path, 'to'], context);
    if (this.problems.length > before) return null;
    const named = [...steps, ...verdicts].map(({ until }) => until - 1_000);
    const to = told ?? Math.max(from, ...named, ...changes.map(({ at }) => at), ...reports.map(({ last }) => last));
    const begin = [...devices.values()].map(
      (device): Arrival => ({ at: from, record: { type: 'change', change: { what: 'device', device }, by: 'test' } }),
    );
    const arrivals = [...begin, ...changes, ...reports.flatMap((report) => arrivalsOf(report, to))];
    // At one instant what changes comes before what is reported; what is there from the beginning first of all.
    const order = ({ record }: Arrival) => (record.type === 'sample' ? 1 : 0);
    arrivals.sort((a, b) => a.at - b.at || order(a) - order(b));
    return { name: test.name, rules, place: this.#locate.at(path), arrivals, from, to, steps, verdicts };
  }

  /** The devices that rows stand for, with those that were there before. */
  rows(rows: Record<string, unknown>, path: PropertyKey[], shared: ReadonlyMap<string, Device>): Map<string, Device> {
    const devices = new Map(shared);
    for (const [id, row] of Object.entries(rows)) {
      const device = row === 'town' ? this.#ofTown(id, [...path, id]) : this.#row(id, row, [...path, id], devices);
      if (device !== null) devices.set(id, device);
    }
    return devices;
  }

  #ofTown(id: string, path: PropertyKey[]): Device | null {
    const known = this.#around.devices();
    const device = known.get(id);
    if (device === undefined) this.#wrong(path, `the town has no device ${id}${didYouMean(id, known.keys())}`);
    return device ?? null;
  }

  #row(id: string, written: unknown, path: PropertyKey[], devices: ReadonlyMap<string, Device>): Device | null {
    const parsed = Row.safeParse(written, { reportInput: true });
    if (!parsed.success) {
      if (typeof written !== 'object' || written === null)
        this.#wrong(
          path,
          "write `town` for the device of the town's folder, or the row: { kind: …, attributes: { … } }",
        );
      else
        for (const issue of parsed.error.issues)
          this.problems.push(...explain(issue, { schema: Row, locate: this.#locate, base: path }));
      return null;
    }
    const { like, ...own } = parsed.data;
    const model = like === undefined ? undefined : (devices.get(like) ?? this.#ofTown(like, [...path, 'like']));
    if (model === null) return null;
    const { kinds, town } = this.#around;
    const kind = own.kind ?? model?.kind;
    if (kind === undefined || !kinds.has(kind)) {
      const hint =
        kind === undefined
          ? `one of ${[...kinds.keys()].join(', ')}`
          : `no kind ${kind}${didYouMean(kind, kinds.keys())}`;
      this.#wrong([...path, 'kind'], `kind: ${hint}`);
      return null;
    }
    const { retiredAt: _retiredAt, ...inherited } = model ?? {};
    const village = town.areas.find(({ level }) => level === 'village') ?? town.areas[0];
    const where = { area: village?.id ?? town.id, organisation: town.organisations[0]?.id ?? town.id };
    const attributes = { ...model?.attributes, ...own.attributes };
    const { device, problems } = this.#around.register({
      ...where,
      ...inherited,
      ...own,
      id,
      kind,
      attributes,
    } as DeviceInput);
    for (const problem of problems)
      this.#wrong([...path, ...problem.path.split('.')], `${problem.path}: ${problem.message}`);
    return device;
  }

  #lines<L extends object>(
    texts: readonly string[],
    path: PropertyKey[],
    context: LineContext,
    read: (text: string, context: LineContext) => L | LineFlaw,
  ): (L & { place: string })[] {
    return texts.flatMap((text, index) => {
      const found = read(text, context);
      if (!('message' in found)) return { ...found, place: this.#locate.at([...path, index]) };
      this.problems.push({ path: this.#locate.inside([...path, index], found.offset), message: found.message });
      return [];
    });
  }

  #report(
    report: Test['reports'][number],
    path: PropertyKey[],
    devices: ReadonlyMap<string, Device>,
    context: LineContext,
  ): ReadReport[] {
    const from = report.from === undefined ? context.from : this.#moment(report.from, [...path, 'from'], context);
    const arrive = report.arrive === undefined ? null : this.#moment(report.arrive, [...path, 'arrive'], context);
    if (report.late !== undefined && report.arrive !== undefined)
      this.#wrong([...path, 'arrive'], 'either each is late, or they all arrive at once');
    return [report.device].flat().flatMap((id, index) => {
      const isService = id === SERVICE_SUBJECT.id && !devices.has(id);
      const place = [...path, 'device', ...(Array.isArray(report.device) ? [index] : [])];
      const device = isService ? SERVICE_DEVICE : this.#device(id, place, devices);
      const kind = isService ? SERVICE : this.#around.kinds.get(device?.kind ?? '');
      if (device === null || kind === undefined) return [];
      const series = this.#series(report.values, [...path, 'values'], kind);
      const every = report.every ?? device.reportInterval * 1_000;
      const length = Math.max(0, ...[...series.values()].map(({ cells }) => cells.length));
      const end = (from ?? 0) + Math.max(0, length - 1) * every;
      const { late = 0, times, replaced = false } = report;
      return { device, series, from: from ?? 0, every, late, arrive, times, replaced, last: arrive ?? end + late };
    });
  }

  /** The series of a report, all of one length but for those that go on to the end. */
  #series(values: Record<string, string>, path: PropertyKey[], kind: Kind): Map<string, Series> {
    const found = new Map<string, Series>();
    for (const [name, text] of Object.entries(values)) {
      const field = kind.fields[name];
      if (field === undefined) {
        this.#wrong([...path, name], `${kind.id} has no field ${name}${didYouMean(name, Object.keys(kind.fields))}`);
        continue;
      }
      const series = readSeries(text);
      if (isSeriesFlaw(series)) {
        this.problems.push({ path: this.#locate.inside([...path, name], series.offset), message: series.message });
        continue;
      }
      const [low, high] = field.range ?? [-Infinity, Infinity];
      const bad = [...series.cells, series.rest ?? null].find(
        (value) =>
          value !== null &&
          (typeof value !== field.type || (typeof value === 'number' && (value < low || value > high))),
      );
      if (bad !== undefined)
        this.#wrong(
          [...path, name],
          `${bad} never comes in as ${name}: ${field.type === 'boolean' ? 'true or false' : `${low} to ${high}${field.unit === undefined ? '' : ` ${field.unit}`}`}`,
        );
      found.set(name, series);
    }
    const lengths = [...found]
      .filter(([, { rest }]) => rest === undefined)
      .map(([name, { cells }]) => [name, cells.length] as const);
    const [first, ...others] = lengths;
    const other = others.find(([, length]) => length !== first?.[1]);
    if (first !== undefined && other !== undefined)
      this.#wrong(
        [...path, other[0]],
        `${other[0]} has ${other[1]} values where ${first[0]} has ${first[1]}; x* goes on to the end`,
      );
    return found;
  }

  #event(
    { at: time, device: id, set, retire, away, rules, maintain, patrol, lit, for: lasts }: Test['events'][number],
    path: PropertyKey[],
    devices: Map<string, Device>,
    context: LineContext,
  ): Arrival[] {
    const at = this.#moment(time, [...path, 'at'], context) ?? context.from;
    const given = [set, retire, away, rules, maintain, patrol].filter((what) => what !== undefined);
    if (
      given.length !== 1 ||
      (set !== undefined) !== (id !== undefined) ||
      (patrol !== undefined) !== (lit !== undefined) ||
      (patrol === undefined && (maintain !== undefined) !== (lasts !== undefined))
    ) {
      this.#wrong(
        path,
        'an event is one of: device with set, retire, away, rules, maintain with for, patrol with lit (and for)',
      );
      return [];
    }
    if (away !== undefined) return [{ at, record: { type: 'tick', away } }];
    if (maintain !== undefined) {
      const subject = this.#maintained(maintain, [...path, 'maintain'], devices);
      if (subject === null) return [];
      const window = { from: at, to: at + (lasts ?? 0), reason: 'test', by: 'test', endedBy: null };
      const maintenance = { id: `${maintain}-${at}`, subject, ...window };
      return [{ at, record: { type: 'change', change: { what: 'maintenance', maintenance }, by: 'test' } }];
    }
    if (patrol !== undefined) {
      const known = this.#device(patrol, [...path, 'patrol'], devices);
      if (known === null) return [];
      const lamps = Number(known.attributes.lamps ?? 0);
      const found = typeof lit === 'boolean' ? (lit ? lamps : 0) : Number(lit);
      if (lamps === 0 || found > lamps) {
        this.#wrong([...path, 'lit'], `${patrol} has ${lamps} lamps in the registry`);
        return [];
      }
      const told = { device: patrol, ts: at, lit: found, by: 'test', validFor: lasts ?? DAY };
      return [{ at, record: { type: 'change', change: { what: 'patrol', patrol: told }, by: 'test' } }];
    }
    if (rules !== undefined) {
      try {
        const { text, version } = this.#around.rulebook(rules);
        return [{ at, record: { type: 'change', change: { what: 'rulebook', text, version }, by: 'test' } }];
      } catch (error) {
        if (!(error instanceof TownError)) throw error;
        this.#wrong([...path, 'rules'], error.message);
        this.problems.push(...error.problems);
        return [];
      }
    }
    const known = this.#device(retire ?? id ?? '', [...path, retire === undefined ? 'device' : 'retire'], devices);
    if (known === null) return [];
    const { retiredAt: _retiredAt, ...row } = known;
    const attributes = { ...known.attributes, ...set?.attributes };
    const { device, problems } = this.#around.register({ ...row, ...set, attributes } as DeviceInput);
    for (const problem of problems)
      this.#wrong([...path, 'set', ...problem.path.split('.')], `${problem.path}: ${problem.message}`);
    const next = retire === undefined ? device : { ...known, retiredAt: at };
    return [{ at, record: { type: 'change', change: { what: 'device', device: next }, by: 'test' } }];
  }

  #maintained(id: string, path: PropertyKey[], devices: ReadonlyMap<string, Device>): MaintenanceSubject | null {
    const { areas, network } = this.#around.town;
    if (network.some((node) => node.id === id)) return { type: 'parent', id };
    if (areas.some((area) => area.id === id)) return { type: 'area', id };
    return this.#device(id, path, devices) === null ? null : { type: 'device', id };
  }

  #device(id: string, path: PropertyKey[], devices: ReadonlyMap<string, Device>): Device | null {
    const device = devices.get(id);
    if (device === undefined) this.#wrong(path, `the test has no device ${id}${didYouMean(id, devices.keys())}`);
    return device ?? null;
  }

  #moment(text: string, path: PropertyKey[], { from, timeZone }: LineContext): number | null {
    const moment = readMoment(text, from, timeZone);
    if (moment === null) this.#wrong(path, `${text} is no time from the beginning of the test on`);
    return moment?.at ?? null;
  }

  #subjects(devices: ReadonlyMap<string, Device>): Set<string> {
    const { id, areas, roads, network } = this.#around.town;
    const places = [...areas, ...roads, ...network].map((thing) => thing.id);
    return new Set([SERVICE_SUBJECT.id, id, ...devices.keys(), ...places, ...roads.map((road) => road.class)]);
  }

  #wrong(path: PropertyKey[], message: string): void {
    this.problems.push({ path: this.#locate.at(path), message });
  }
}
