import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Locator, readDocumentFile } from '../kernel/document.ts';
import { messageOf, type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import { Kind, type Kinds } from '../model/kind.ts';
import { SERIES } from '../model/series.ts';
import { SERVICE } from '../model/service.ts';

/** What a payload says beside its fields (CONTRACT.md §3): a field of such a name could never be sent. */
const ENVELOPE = new Set(['ts', 'seq', 'device', 'values']);
/** How the roll-ups of a kind are called: by its id, and this. */
const ROLL_UP_END = /_(5m|1h|1d)$/i;

/**
 * Reads every kind in `folder`, one `<id>.yaml` each, in the order of their ids.
 * @throws TownError `config-invalid` with everything that is wrong in any of them, each with `FILE:LINE:COLUMN`
 */
export function loadKinds(folder: string): Kinds {
  const problems: Problem[] = [];
  const kinds = new Map<string, Kind>();
  for (const file of filesIn(folder, problems)) {
    const document = readDocumentFile(file, Kind);
    if (!document.ok) {
      problems.push(...document.problems);
      continue;
    }
    const { value: kind, locate } = document;
    problems.push(...checkKind(kind, basename(file, '.yaml'), locate));
    // Tables of a history are one in either letter case.
    const twin = [...kinds.keys()].find((id) => id !== kind.id && id.toLowerCase() === kind.id.toLowerCase());
    if (twin !== undefined) {
      const message = `id: ${kind.id} differs from ${twin} in letter case only; choose another name`;
      problems.push({ path: locate.at(['id']), message });
    }
    kinds.set(kind.id, kind);
  }
  if (problems.length > 0) {
    throw new TownError('config-invalid', `${problems.length} problem(s) in the kinds of ${folder}`, { problems });
  }
  return kinds;
}

function filesIn(folder: string, problems: Problem[]): string[] {
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    if (files.length === 0) problems.push({ path: folder, message: 'holds no kind: put a <kind>.yaml there' });
    return files.sort().map((name) => join(folder, name));
  } catch (error) {
    problems.push({ path: folder, message: `the folder of the kinds cannot be read: ${messageOf(error)}` });
    return [];
  }
}

/** What the schema can't see. One file a kind, named after it, also keeps ids unique. */
function checkKind(kind: Kind, fileName: string, locate: Locator): Problem[] {
  const problems: Problem[] = [];
  const report = (path: PropertyKey[], message: string) => problems.push({ path: locate.at(path), message });
  const fields = Object.keys(kind.fields);
  if (kind.id !== fileName) {
    report(['id'], `id: "${kind.id}" does not go with the file's name: call the file ${kind.id}.yaml`);
  }
  if (kind.id === SERVICE.id)
    report(['id'], `id: ${SERVICE.id} is what rules call Townpulse itself; choose another name`);
  // A store keeps all of these side by side, each under its own name.
  if (Object.hasOwn(SERIES, kind.id))
    report(['id'], `id: the history keeps a series of its own by the name ${kind.id}; choose another name`);
  const [end] = ROLL_UP_END.exec(kind.id) ?? [];
  if (end !== undefined)
    report(['id'], `id: the history's roll-ups have names that end in ${end}; choose another name`);
  if (fields.length === 0) report(['fields'], 'fields: a kind has at least one');

  const lowerCase = new Map<string, string>();
  for (const field of fields) {
    if (ENVELOPE.has(field)) {
      report(['fields', field], `fields.${field}: a payload means something else by "${field}"; choose another name`);
    }
    // Columns of a history are one in either letter case.
    const twin = lowerCase.get(field.toLowerCase());
    if (twin !== undefined) report(['fields', field], `fields.${field}: differs from ${twin} in letter case only`);
    lowerCase.set(field.toLowerCase(), field);
  }
  kind.groupSums.forEach((name, index) => {
    const field = Object.hasOwn(kind.fields, name) ? kind.fields[name] : undefined;
    const path = ['groupSums', index];
    if (field === undefined) report(path, `groupSums: no field ${name}${didYouMean(name, fields)}`);
    else if (field.type !== 'number') report(path, `groupSums: ${name} is a switch, which has no sum`);
  });
  return problems;
}
