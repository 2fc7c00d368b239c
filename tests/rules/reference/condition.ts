import type { Device } from '../../../src/model/device.ts';
import type { Value } from '../../../src/model/sample.ts';

type Values = Readonly<Record<string, Value>>;

const COMPARISON =
  /^(?<field>\w+) (?<sign><|<=|>|>=) (?:attributes\.(?<attribute>\w+)|(?<figure>[\d.]+))(?: \+ (?<more>[\d.]+))?$/;

/** A comparison of a field with a figure or an attribute, such as `pressure > attributes.minPressure + 0.01`. */
function partsOf(text: string): Record<string, string | undefined> {
  const parts = COMPARISON.exec(text)?.groups;
  if (parts === undefined) throw new Error(`the model reads simple comparisons only, not: ${text}`);
  return parts;
}

/** The attribute that a condition needs; null where it needs none. */
export function attributeOf(text: string): string | null {
  return partsOf(text).attribute ?? null;
}

/** The field that a condition asks for. */
export function fieldOf(text: string): string {
  return partsOf(text).field as string;
}

/** Whether a condition holds; null where the sample or the device says too little. */
export function holds(text: string, values: Values, attributes: Device['attributes']): boolean | null {
  const { field = '', sign, attribute, figure, more = '0' } = partsOf(text);
  const value = values[field];
  const limit = attribute === undefined ? Number(figure) : attributes[attribute];
  if (typeof value !== 'number' || typeof limit !== 'number') return null;
  const bound = limit + Number(more);
  if (sign === '<') return value < bound;
  if (sign === '<=') return value <= bound;
  return sign === '>' ? value > bound : value >= bound;
}
