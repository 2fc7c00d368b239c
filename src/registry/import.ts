import type { z } from 'zod';
import { describeIssue } from '../kernel/document.ts';
import { messageOf, type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import { DeviceInput, Secret } from '../model/device.ts';
import { applyDefaults, checkDevices, type Surroundings } from './check.ts';
import { type Datum, toWgs84 } from './datum.ts';
import { type FoundRow, readCsv } from './import-csv.ts';
import type { Brought, Registry } from './registry.ts';

const IN_SERVICE_RULE =
  'write always, auto, or a period (CSV: FROM/TO in RFC 3339, either may be open; JSON: {"from": ms, "to": ms}, either may be null)';

const ImportRow = DeviceInput.extend({ secret: Secret.optional() });

/** A device of a file that fits the town, with its place in WGS-84. */
export interface ImportedDevice {
  device: DeviceInput;
  secret?: string;
  /** In CSV the line that it begins on, in JSON its number; from 1. */
  line: number;
}

/** A list of devices as somebody hands it in. */
export interface DeviceList {
  text: string;
  format: 'csv' | 'json';
  datum: Datum;
}

/**
 * Brings the registry to what a list says, all of it or nothing; a dry run only tells what would change.
 * @throws TownError `invalid` with every bad row
 */
export async function importDevices(
  { text, format, datum }: DeviceList,
  registry: Pick<Registry, 'find' | 'bring'>,
  around: Omit<Surroundings, 'isRegistered'>,
  by: string,
  dryRun: boolean,
): Promise<Brought> {
  const known = { ...around, isRegistered: (id: string) => registry.find(id) !== undefined };
  const { rows, problems } = readDevices(text, format, datum, known);
  if (problems.length > 0)
    throw new TownError('invalid', `${problems.length} problem(s); nothing was imported`, { problems });
  return registry.bring(rows, by, dryRun);
}

/**
 * Reads a list of devices: CSV with a header (`id,kind,area,organisation,name.zh,…,lon,lat,attributes.<name>,…`), or JSON,
 * an array of what `POST /devices` takes. Each problem says where (`line 12, attributes.minPressure`; in JSON
 * `[11].attributes.minPressure`, from 0) and what to do. The rows are all that are right: who wants all or nothing looks
 * at the problems first. A gateway may stand in the file or in the registry already.
 */
export function readDevices(
  text: string,
  format: 'csv' | 'json',
  datum: Datum,
  around: Surroundings,
): { rows: ImportedDevice[]; problems: Problem[] } {
  const garbled = text.indexOf('\ufffd');
  if (garbled >= 0) {
    const message = 'the file is not UTF-8: save it as "CSV UTF-8" (in Excel) or convert it from GBK first';
    return { rows: [], problems: [{ path: `line ${lineOf(text, garbled)}`, message }] };
  }
  const { found, problems } = format === 'csv' ? readCsv(text, around.kinds) : readJson(text);
  if (found.length === 0 && problems.length === 0) problems.push({ path: 'file', message: 'the file holds no device' });

  const firstOf = new Map<string | undefined, FoundRow>();
  for (const row of found) if (!firstOf.has(idOf(row))) firstOf.set(idOf(row), row);
  const all = { ...around, isRegistered: (id: string) => firstOf.has(id) || around.isRegistered(id) };
  const rows: ImportedDevice[] = [];
  for (const row of found) {
    const id = idOf(row);
    const first = firstOf.get(id);
    if (id !== undefined && first !== undefined && first !== row) {
      problems.push({ path: row.place('id'), message: `${id} stands already in ${first.place('')}` });
      continue;
    }
    const read = readRow(row, datum, all);
    if ('problems' in read) {
      problems.push(...read.problems.map(({ path, message }) => ({ path: row.place(path), message })));
    } else rows.push(read);
  }
  return { rows, problems };
}

function readRow(
  { line, value }: FoundRow,
  datum: Datum,
  around: Surroundings,
): ImportedDevice | { problems: Problem[] } {
  const parsed = ImportRow.safeParse(value, { reportInput: true });
  if (!parsed.success) return { problems: parsed.error.issues.flatMap(explain) };
  const { secret, ...device } = parsed.data;
  const problems = checkRow(device, around);
  if (problems.length > 0) return { problems };
  if (device.location) device.location = toWgs84(device.location, datum);
  return { device, line, ...(secret === undefined ? {} : { secret }) };
}

function checkRow(device: DeviceInput, around: Surroundings): Problem[] {
  const { kinds } = around;
  const problems: Problem[] = kinds.has(device.kind)
    ? checkDevices([applyDefaults(device, kinds)], around)
    : [{ path: 'kind', message: `no kind ${device.kind}${didYouMean(device.kind, kinds.keys())}` }];
  if (typeof device.inService === 'object') {
    const { from, to } = device.inService;
    if (from !== null && to !== null && from >= to) {
      problems.push({ path: 'inService', message: 'the period ends before it begins' });
    }
  }
  return problems;
}

function readJson(text: string): { found: FoundRow[]; problems: Problem[] } {
  let list: unknown;
  try {
    list = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    return { found: [], problems: [{ path: 'file', message: `not JSON: ${messageOf(error)}` }] };
  }
  if (!Array.isArray(list)) {
    return { found: [], problems: [{ path: 'file', message: 'the file holds no list: write [ {"id": …}, … ]' }] };
  }
  const found = list.map((value: unknown, index) => ({
    line: index + 1,
    value,
    place: (path: string) => (path === '' ? `[${index}]` : `[${index}].${path}`),
  }));
  return { found, problems: [] };
}

function explain(issue: z.core.$ZodIssue): Problem[] {
  return describeIssue(issue).map(({ path, message }) => {
    const where = path.map(String).join('.');
    return { path: where, message: inWords(issue, where) ?? message };
  });
}

/** What people get wrong most, in words that say what to do. */
function inWords(issue: z.core.$ZodIssue, where: string): string | null {
  if (where === 'inService' && issue.code === 'invalid_union') return IN_SERVICE_RULE;
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    return `no such property${didYouMean(where, Object.keys(ImportRow.shape))}`;
  }
  if (where === 'location.1' && (issue.code === 'too_big' || issue.code === 'too_small')) {
    return `${String(issue.input)} is no latitude: is it in the place of the longitude?`;
  }
  // A secret is never shown, not even a wrong one.
  if (issue.code !== 'invalid_type' || where === 'secret') return null;
  if (issue.input === undefined) return 'is missing';
  return `${JSON.stringify(issue.input)} is not ${issue.expected === 'int' ? 'a whole number' : `of type ${issue.expected}`}`;
}

function idOf({ value }: FoundRow): string | undefined {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return typeof id === 'string' ? id : undefined;
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
