import type { RawField, RawSample } from './raw.ts';

/** A record of a SenML pack (RFC 8428), with the labels that are read here. */
type SenmlRecord = Record<string, unknown>;

/** Below this a SenML time is relative to now, in seconds (RFC 8428 §4.5.3). */
const RELATIVE_BELOW = 2 ** 28;

/** Whether an array is a SenML pack: its first record has a base name, or a name and one of the values. */
export function isSenml(items: readonly unknown[]): boolean {
  const first = items[0];
  if (typeof first !== 'object' || first === null) return false;
  if ('bn' in first) return true;
  return 'n' in first && ('v' in first || 'vb' in first || 'vs' in first || 'vd' in first);
}

/**
 * Reads a SenML pack: base values carry over, the device is what stands between `urn:dev:` and the last `:` or `/` of the
 * name, the rest is the field. Records of one device and one time form one sample. `arrival` in ms.
 */
export function readSenml(pack: readonly unknown[], arrival: number): RawSample[] {
  const samples = new Map<string, RawSample>();
  let base: { name: string; time: number; timed: boolean; value: number; unit: string | undefined } = {
    name: '',
    time: 0,
    timed: false,
    value: 0,
    unit: undefined,
  };
  for (const item of pack) {
    const record: SenmlRecord = typeof item === 'object' && item !== null ? (item as SenmlRecord) : {};
    base = {
      name: text(record.bn) ?? base.name,
      time: number(record.bt) ?? base.time,
      timed: base.timed || typeof record.bt === 'number',
      value: number(record.bv) ?? base.value,
      unit: text(record.bu) ?? base.unit,
    };
    const field = readField(record, base.value, base.unit);
    if (field === null) continue;
    const { device, name } = splitName(base.name + (text(record.n) ?? ''));
    const timed = base.timed || typeof record.t === 'number';
    const time = timed ? absolute(base.time + (number(record.t) ?? 0), arrival) : undefined;
    const key = `${device ?? ''}\n${time ?? ''}`;
    let sample = samples.get(key);
    if (sample === undefined) {
      sample = { device, time, seq: undefined, fields: [] };
      samples.set(key, sample);
    }
    sample.fields.push({ ...field, name });
  }
  return [...samples.values()];
}

function readField(record: SenmlRecord, baseValue: number, baseUnit: string | undefined): RawField | null {
  const unit = text(record.u) ?? baseUnit;
  const withUnit = unit === undefined ? {} : { unit };
  if (typeof record.v === 'number') return { name: '', value: record.v + baseValue, ...withUnit };
  for (const label of ['v', 'vb', 'vs', 'vd']) {
    if (label in record) return { name: '', value: record[label] };
  }
  return null;
}

function splitName(name: string): { device: string | undefined; name: string } {
  if (!name.startsWith('urn:dev:')) return { device: undefined, name };
  const rest = name.slice('urn:dev:'.length);
  const cut = Math.max(rest.lastIndexOf(':'), rest.lastIndexOf('/'));
  return { device: rest.slice(0, Math.max(0, cut)), name: rest.slice(cut + 1) };
}

/** A SenML time in ms since 1970. */
function absolute(seconds: number, arrival: number): number {
  return seconds < RELATIVE_BELOW ? arrival + Math.round(seconds * 1000) : Math.round(seconds * 1000);
}

function text(raw: unknown): string | undefined {
  return typeof raw === 'string' ? raw : undefined;
}

function number(raw: unknown): number | undefined {
  return typeof raw === 'number' && Number.isFinite(raw) ? raw : undefined;
}
