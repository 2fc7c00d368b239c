import type { DeadLetterReason } from '../model/deadletter.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import type { Value } from '../model/sample.ts';
import { convert } from './units.ts';

/** A field of a kind in the form the hot path wants. */
export interface FieldRule {
  boolean: boolean;
  unit: string | undefined;
  low: number;
  high: number;
}

/** The fields of each kind by name. Maps, so that `constructor` or `__proto__` from the wire is an unknown field. */
export type FieldRules = ReadonlyMap<string, ReadonlyMap<string, FieldRule>>;

/** Prepares the kinds for decoding. */
export function compileFields(kinds: Kinds): FieldRules {
  return new Map([...kinds.values()].map((kind) => [kind.id, compileKind(kind)]));
}

function compileKind(kind: Kind): Map<string, FieldRule> {
  return new Map(
    Object.entries(kind.fields).map(([name, { type, unit, range }]) => [
      name,
      { boolean: type === 'boolean', unit, low: range?.[0] ?? -Infinity, high: range?.[1] ?? Infinity },
    ]),
  );
}

/** Why a value can't be used. */
export interface Refusal {
  reason: DeadLetterReason;
  detail: string;
}

/** The usable value, in the kind's unit, that `raw` in `unit` (undefined: the kind's) stands for; or why there is none. */
export function readValue(raw: unknown, unit: string | undefined, rule: FieldRule): Value | Refusal {
  if (unit === undefined || rule.boolean || typeof raw !== 'number') return judge(raw, rule);
  const converted = convert(raw, unit, rule.unit);
  if (converted !== null) return judge(converted, rule);
  return { reason: 'unit', detail: `${show(unit)} can't be turned into ${rule.unit ?? 'a plain number'}` };
}

function judge(raw: unknown, rule: FieldRule): Value | Refusal {
  if (rule.boolean) {
    if (typeof raw === 'boolean') return raw;
    if (raw === 0 || raw === 1) return raw === 1;
    return { reason: 'type', detail: `${show(raw)} is not true, false, 0 or 1` };
  }
  if (typeof raw !== 'number' || !Number.isFinite(raw)) {
    return { reason: 'type', detail: `${show(raw)} is not a finite JSON number` };
  }
  if (raw < rule.low || raw > rule.high) {
    const unit = rule.unit === undefined ? '' : ` ${rule.unit}`;
    return { reason: 'out-of-range', detail: `${raw} lies outside ${rule.low} to ${rule.high}${unit}` };
  }
  return raw;
}

/** A value from the wire as text for a person, shortened. */
export function show(raw: unknown): string {
  const text = typeof raw === 'number' ? String(raw) : (JSON.stringify(raw) ?? String(raw));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
