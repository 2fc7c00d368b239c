import { type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Field, Kinds } from '../model/kind.ts';
import { type HistoryRow, type KeptField, type KeptFields, type ReadingsQuery, RefusedByStore } from './port.ts';

/** A kept field with its kind. */
export interface KnownField extends KeptField {
  kind: string;
}

/**
 * Refuses kinds that give kept fields another meaning.
 * @throws TownError `kind-changed` with every field that changed its type or unit
 */
export function refuseChanges(kinds: Kinds, known: readonly KnownField[]): void {
  const problems: Problem[] = [];
  for (const { kind, field, type, unit } of known) {
    const now = kinds.get(kind)?.fields[field];
    if (now === undefined) continue;
    const path = `devices/${kind}.yaml: fields.${field}`;
    if (now.type !== type) {
      problems.push({ path, message: `was a ${type} and is now a ${now.type}: give the new field another name` });
    }
    if ((now.unit ?? null) !== unit) {
      const [before, after] = [unit ?? 'no unit', now.unit ?? 'no unit'];
      problems.push({ path, message: `was in ${before} and is now in ${after}: give the new field another name` });
    }
  }
  if (problems.length === 0) return;
  const listed = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new TownError('kind-changed', `the history does not fit the kinds any more: ${listed}`, { problems });
}

/** Groups kept fields by kind; every kind of `kinds` has an entry. */
export function keptFields(kinds: Kinds, known: readonly KnownField[]): KeptFields {
  const fields = new Map<string, KeptField[]>([...kinds.keys()].map((kind) => [kind, []]));
  for (const { kind, field, type, unit } of known) {
    const list = fields.get(kind) ?? [];
    list.push({ field, type, unit });
    fields.set(kind, list);
  }
  return fields;
}

/** The fields of a kind. @throws TownError `invalid`, with the kind that was probably meant */
export function fieldsOf(kept: KeptFields, kind: string): readonly KeptField[] {
  const fields = kept.get(kind);
  if (fields === undefined) throw unknown('kind', `the history knows no kind ${kind}${didYouMean(kind, kept.keys())}`);
  return fields;
}

/** The field that a query is about. @throws TownError `invalid`, with the name that was probably meant */
export function fieldOf(kept: KeptFields, { kind, metric }: Pick<ReadingsQuery, 'kind' | 'metric'>): KeptField {
  const fields = fieldsOf(kept, kind);
  const found = fields.find(({ field }) => field === metric);
  if (found !== undefined) return found;
  const names = fields.map(({ field }) => field);
  throw unknown('metric', `a ${kind} has no metric ${metric}${didYouMean(metric, names)}`);
}

/** A store would bend a value of another type, and a field without a place would be lost. @throws RefusedByStore */
export function refuseStrays(kind: string, rows: Iterable<HistoryRow>, fields: readonly KeptField[]): void {
  const types = new Map(fields.map(({ field, type }) => [field, type]));
  for (const { values } of rows) for (const field in values) refuseStray(kind, field, types.get(field), values[field]);
}

/** The same for one value; `type` is that of the kept field, if there is one. @throws RefusedByStore */
export function refuseStray(kind: string, field: string, type: Field['type'] | undefined, value: unknown): void {
  if (type === undefined) throw new RefusedByStore(`${kind} has no field ${field}`);
  if (typeof value !== type) throw new RefusedByStore(`${kind}.${field} is a ${type}, not ${value}`);
}

function unknown(path: string, message: string): TownError {
  return new TownError('invalid', message, { problems: [{ path, message }] });
}
