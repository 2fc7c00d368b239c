import { CsvError, parse } from 'csv-parse/sync';
import { messageOf, type Problem } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Attribute, Kinds } from '../model/kind.ts';

/** A row of a file as it was found, to be checked by the schema. */
export interface FoundRow {
  /** In CSV the line that the row begins on, in JSON its number; from 1. */
  line: number;
  value: unknown;
  /** Where the value at `path` (`attributes.minPressure`, empty for the row itself) stands, for a person. */
  place(path: string): string;
}

const REQUIRED = ['id', 'kind', 'area', 'organisation'];
const TEXTS = ['name.zh', 'name.en', 'road', 'parent', 'gateway', 'owner', 'maintainer', 'gridCell', 'componentCode'];
const NUMBERS = ['lon', 'lat', 'reportInterval', 'sampleInterval'];
const OTHERS = ['aliases', 'power', 'inService', 'secret'];
const COLUMNS = [...REQUIRED, ...TEXTS, ...NUMBERS, ...OTHERS];
const ATTRIBUTE = 'attributes.';

/**
 * The rows of a CSV text with a header. An empty cell says nothing; lines that begin with `#` are comments; attributes
 * have the types of their kind. Cells that don't read as what they should be stay text, for the schema to refuse.
 */
export function readCsv(text: string, kinds: Kinds): { found: FoundRow[]; problems: Problem[] } {
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as typeof records;
  } catch (error) {
    return { found: [], problems: [brokenCsv(error)] };
  }
  const [first, ...rest] = records;
  if (first === undefined) return { found: [], problems: [] };
  const header = first.record.map((name) => name.trim());
  const columns = new Set([...COLUMNS, ...attributeColumns(kinds)]);
  const problems = checkHeader(header, columns, `line ${firstLine(first)}`);
  if (REQUIRED.some((column) => !header.includes(column))) return { found: [], problems };

  const found: FoundRow[] = [];
  for (const entry of rest) {
    const line = firstLine(entry);
    if (entry.record.length !== header.length) {
      const message = `${entry.record.length} cells, and the header has ${header.length}: quote cells that hold a comma`;
      problems.push({ path: `line ${line}`, message });
      continue;
    }
    const cells = new Map<string, string>();
    for (const [index, column] of header.entries()) {
      const cell = entry.record[index] ?? '';
      // Spaces around a cell are nobody's intent, but a secret is what it is.
      const value = column === 'secret' ? cell : cell.trim();
      if (value !== '' && columns.has(column)) cells.set(column, value);
    }
    found.push({ line, value: assemble(cells, kinds), place: (path) => `line ${line}${columnOf(path)}` });
  }
  return { found, problems };
}

function attributeColumns(kinds: Kinds): string[] {
  return [...kinds.values()].flatMap((kind) => Object.keys(kind.attributes).map((name) => ATTRIBUTE + name));
}

function checkHeader(header: readonly string[], columns: ReadonlySet<string>, line: string): Problem[] {
  const problems: Problem[] = [];
  header.forEach((column, index) => {
    if (column === '') problems.push({ path: line, message: `the ${index + 1}. column has no name` });
    else if (header.indexOf(column) < index)
      problems.push({ path: line, message: `the column ${column} stands twice` });
    else if (!columns.has(column)) {
      problems.push({ path: line, message: `no column is called ${column}${didYouMean(column, columns)}` });
    }
  });
  for (const column of REQUIRED) {
    if (!header.includes(column)) problems.push({ path: line, message: `the column ${column} is missing` });
  }
  return problems;
}

/** The device that a row's cells describe, in the shape of the registry's input. */
function assemble(cells: ReadonlyMap<string, string>, kinds: Kinds): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  const kind = kinds.get(cells.get('kind') ?? '');
  const name: Record<string, string> = {};
  const attributes: Record<string, unknown> = {};
  for (const [column, text] of cells) {
    if (column.startsWith(ATTRIBUTE)) {
      const attribute = column.slice(ATTRIBUTE.length);
      attributes[attribute] = readAttribute(text, kind?.attributes[attribute]?.type);
    } else if (column === 'name.zh' || column === 'name.en') name[column.slice('name.'.length)] = text;
    else if (column === 'aliases') value.aliases = text.split(';').map((alias) => alias.trim());
    else if (column === 'inService') value.inService = readPeriod(text);
    else if (column === 'lon' || column === 'lat') {
      value.location = ['lon', 'lat'].map((axis) => readNumber(cells.get(axis)));
    } else value[column] = NUMBERS.includes(column) ? readNumber(text) : text;
  }
  if (Object.keys(name).length > 0) value.name = name;
  if (Object.keys(attributes).length > 0) value.attributes = attributes;
  return value;
}

function readNumber(text: string | undefined): number | string | undefined {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function readAttribute(text: string, type: Attribute['type'] | undefined): unknown {
  if (type === 'number') return readNumber(text);
  const lower = text.toLowerCase();
  return type === 'boolean' && (lower === 'true' || lower === 'false') ? lower === 'true' : text;
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** `always`, `auto`, or a period `FROM/TO` of two instants, either of which may be open. */
function readPeriod(text: string): unknown {
  const ends = text.split('/').map((end) => {
    if (end === '') return null;
    return RFC_3339.test(end) ? Date.parse(end) : Number.NaN;
  });
  if (ends.length !== 2 || ends.some(Number.isNaN)) return text;
  return { from: ends[0], to: ends[1] };
}

function columnOf(path: string): string {
  if (path === '') return '';
  if (path === 'location' || path === 'location.0') return ', lon';
  if (path === 'location.1') return ', lat';
  return `, ${path.replace(/^(aliases|inService)\..*/, '$1')}`;
}

/** csv-parse counts to the end of a record; a quoted cell may hold line breaks. */
function firstLine({ record, info }: { record: readonly string[]; info: { lines: number } }): number {
  return info.lines - (record.join('').match(/\r\n|\r|\n/g)?.length ?? 0);
}

function brokenCsv(error: unknown): Problem {
  const line = error instanceof CsvError ? Number((error as CsvError & { lines?: number }).lines) : Number.NaN;
  return {
    path: Number.isNaN(line) ? 'file' : `line ${line}`,
    message: `${messageOf(error)}: put a cell with quotes in quotes, and double those within`,
  };
}
