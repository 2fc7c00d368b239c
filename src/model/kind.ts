import { z } from 'zod';
import { Id, Name } from './primitives.ts';

/** A field's or attribute's name: a CEL identifier, so that conditions can name it. */
export const FieldName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'a field is a letter in lower case, then letters and digits');

/** What a number or a switch of a kind means, and which values can be. */
export const Field = z.strictObject({
  type: z.enum(['number', 'boolean']),
  name: Name,
  /** UCUM-like unit as shown (`MPa`, `m³/h`, `°C`, `%`); absent for counts and switches. */
  unit: z.string().min(1).optional(),
  /** Plausible bounds, both inclusive; outside them a value is rejected as `out-of-range`. */
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'the lower bound comes first, and is below the upper one')
    .optional(),
  /** Where the bounds come from. */
  basis: z.string().min(1).optional(),
  /** Not every device of the kind is fitted with it: one that never sent it is not waited for. */
  optional: z.boolean().optional(),
});
export type Field = z.infer<typeof Field>;

/** What a device of a kind may have stated about it in the registry. */
export const Attribute = z.strictObject({
  type: z.enum(['number', 'boolean', 'string']),
  name: Name,
  unit: z.string().min(1).optional(),
  values: z.array(z.string()).optional(),
  /** What a text must look like, as a regular expression over the whole of it. */
  pattern: z.string().refine(isPattern, 'no such regular expression').optional(),
  /** A text that is a day of the calendar: `2026-11-30`. */
  format: z.literal('date').optional(),
});
export type Attribute = z.infer<typeof Attribute>;

/** A kind of device, as one file of `devices/` says it. */
export const Kind = z.strictObject({
  id: Id,
  name: Name,
  /** How often a device of the kind speaks unless it says otherwise, whole seconds. */
  reportInterval: z.int().min(1),
  /** Whether its supply is always there, or switched with the lamps. */
  power: z.enum(['always', 'switched']).default('always'),
  fields: z.record(FieldName, Field),
  attributes: z.record(FieldName, Attribute).default({}),
  /** Fields whose newest values are summed over an area by the live picture. */
  groupSums: z.array(FieldName).default([]),
});
export type Kind = z.infer<typeof Kind>;

/** Every kind by its id. */
export type Kinds = ReadonlyMap<string, Kind>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
