import type { Problem } from '../../kernel/errors.ts';
import { didYouMean } from '../../kernel/nearest.ts';
import type { Field, Kind } from '../../model/kind.ts';
import { fieldColumn, ROW_COLUMN_NAMES } from '../export/columns.ts';

/** What a column of a file is. What the history adds by itself (`area`, `receivedAt` …) is nothing to an import. */
export type Role =
  | { is: 'device' | 'ts' | 'seq' | 'deviceTs' | 'nothing' }
  | { is: 'field'; field: string; of: Pick<Field, 'type' | 'range' | 'unit'> };

/** What loggers and people call the two columns that every file has; compared in lower case, without blanks, `_` and `-`. */
const OTHER_NAMES: Readonly<Record<string, 'device' | 'ts'>> = {
  ...{ device: 'device', deviceid: 'device', id: 'device', 设备: 'device', 设备编号: 'device', 编号: 'device' },
  ...{ ts: 'ts', time: 'ts', timestamp: 'ts', datetime: 'ts', 时间: 'ts', 采集时间: 'ts', 时间戳: 'ts' },
};

/** The column of what was wrong with a row that was skipped: once it is right, the file can be imported as it is. */
export const PROBLEM = 'problem';

/** Where a file's device stands; -1 where no column is called so. */
export function deviceColumn(header: readonly string[], named: ReadonlyMap<string, string>): number {
  return header.findIndex((name) => OTHER_NAMES[plain(named.get(name) ?? name)] === 'device');
}

/**
 * Finds out what the columns are: by the names of an export, or in any letter case and with the unit behind, by what people
 * call them in Chinese or English. `named` gives columns another name; '' ignores one.
 */
export function readHeader(
  header: readonly string[],
  kind: Kind,
  named: ReadonlyMap<string, string>,
  hasDevice: boolean,
): { roles: Role[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const say = (name: string, message: string) => problems.push({ path: `line 1, ${name}`, message });
  const known = namesOf(kind);
  const roles = header.map((name): Role => {
    const called = named.get(name) ?? name;
    if (called === '') return { is: 'nothing' };
    const [, bare = called, unit] = /^(.*?)\s*[([（]([^)\]）]*)[)\]）]$/.exec(called) ?? [];
    const role = known.get(called) ?? known.get(plain(bare));
    if (role === undefined) {
      const fields = Object.keys(kind.fields).join(', ');
      const advice =
        didYouMean(called, known.keys()) ||
        `; say --column '${name}=FIELD' (${fields}), or --column '${name}=' to leave it out`;
      say(name, `a ${kind.id} has no field of this name${advice}`);
      return { is: 'nothing' };
    }
    const own = role.is === 'field' ? role.of.unit : undefined;
    if (unit !== undefined && own !== undefined && plain(unit) !== plain(own)) {
      say(name, `is in ${unit}, and the history keeps ${own}: convert it`);
    }
    return role;
  });
  for (const [index, role] of roles.entries()) {
    const earlier = roles.findIndex((one) => one.is === role.is && fieldOf(one) === fieldOf(role));
    if (role.is !== 'nothing' && earlier < index) say(String(header[index]), `is the same as ${header[earlier]}`);
  }
  for (const name of named.keys()) if (!header.includes(name)) say(name, 'there is no such column');
  if (!roles.some(({ is }) => is === 'ts')) say('ts', 'the column is missing: name one with --column NAME=ts');
  if (!hasDevice && !roles.some(({ is }) => is === 'device')) {
    say('device', 'the column is missing: name one with --column NAME=device, or say --device for all rows');
  }
  return { roles, problems };
}

function namesOf(kind: Kind): Map<string, Role> {
  const names = new Map<string, Role>();
  for (const [name, is] of Object.entries(OTHER_NAMES)) names.set(name, { is });
  const fields = Object.entries(kind.fields).map(([field, of]): [Field, Role] => [of, { is: 'field', field, of }]);
  for (const [{ name }, role] of fields) {
    for (const said of [name.en, name.zh]) names.set(plain(said), role);
  }
  for (const [, role] of fields) if (role.is === 'field') names.set(plain(role.field), role);
  names.set(PROBLEM, { is: 'nothing' });
  // The names of an export are meant exactly as they stand.
  for (const name of ROW_COLUMN_NAMES) names.set(name, { is: isKept(name) ? name : 'nothing' });
  for (const [, role] of fields) if (role.is === 'field') names.set(fieldColumn(role.field), role);
  return names;
}

function isKept(name: string): name is 'device' | 'ts' | 'seq' | 'deviceTs' {
  return ['device', 'ts', 'seq', 'deviceTs'].includes(name);
}

function fieldOf(role: Role): string {
  return role.is === 'field' ? role.field : '';
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}
