import { z } from 'zod';
import { DeviceInput } from '../../model/device.ts';
import { Duration, Id } from '../../model/primitives.ts';

/** A moment of the town: `08:10`, `2026-01-15T08:10:30`, or `+90m` after the test's beginning. YAML may take it for another type. */
const MomentText = z.string().regex(/^(?:(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d(?::\d\d)?|\+\d{1,9}[smhd])$/, {
  error: 'write a time of the town: 08:10, 2026-01-15T08:10:30, or +90m after the beginning',
});

/** A row of the registry given in a test: whole, or by what it has other than another (`like`). */
export const Row = DeviceInput.omit({ id: true }).partial().extend({ like: Id.optional() });
export type Row = z.infer<typeof Row>;

const SeriesText = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)], {
  error: 'a series is values with blanks between them, such as 0.30x3 _ 0.12x5',
});

/** What devices send. */
export const Report = z.strictObject({
  device: z.union([Id, z.array(Id).min(1)]),
  from: MomentText.optional().meta({ description: 'when the first is measured; default: the beginning of the test' }),
  every: Duration.optional().meta({ description: "default: the device's report interval" }),
  late: Duration.optional().meta({ description: 'how long after it was measured each arrives' }),
  arrive: MomentText.optional().meta({ description: 'when they all arrive, in one message' }),
  times: z.int().min(1).max(10).default(1).meta({ description: 'how often each is sent: 2 sends every one twice' }),
  replaced: z.literal(true).optional().meta({ description: 'the gate had to replace their time' }),
  values: z.record(z.string(), SeriesText).refine((values) => Object.keys(values).length > 0, 'a report has a field'),
});
export type Report = z.infer<typeof Report>;

/** Something that happens besides reports. */
export const Event = z.strictObject({
  at: MomentText,
  device: Id.optional(),
  set: DeviceInput.omit({ id: true, kind: true }).partial().optional().meta({ description: "of that device's row" }),
  retire: Id.optional(),
  away: Duration.optional().meta({ description: 'the service takes nothing for so long, and is back then' }),
  maintain: Id.optional().meta({ description: 'work on a device, a network node or an area begins' }),
  patrol: Id.optional().meta({ description: 'a patrol has looked at the lamps of a device' }),
  lit: z
    .union([z.boolean(), z.int().min(0).max(1_000)])
    .optional()
    .meta({ description: 'how many of them burned; true: all of them, false: none' }),
  for: Duration.optional().meta({
    description: 'how long that work lasts; of a patrol: how long what it found holds, 1d unless said',
  }),
  rules: z.string().optional().meta({ description: 'another rulebook comes into force: a file beside this one' }),
});
export type Event = z.infer<typeof Event>;

/** One test: what devices send, and what must come of it. */
export const Test = z.strictObject({
  rule: z.union([Id, z.array(Id).min(1)]).meta({ description: 'whose alerts are held against `expect`' }),
  name: z.string().min(1),
  from: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/, "write the town's date and time: 2026-01-15T08:00"),
  to: MomentText.optional().meta({ description: 'default: the last moment that the test names' }),
  devices: z.record(Id, z.unknown()).default({}),
  reports: z.array(Report).default([]),
  events: z.array(Event).default([]),
  expect: z.array(z.string()).meta({ description: 'everything that fires, resolves or is closed; [] for nothing' }),
  verdicts: z.array(z.string()).default([]),
});
export type Test = z.infer<typeof Test>;

/** A file of tests. */
export const TestFile = z.strictObject({
  town: z
    .string()
    .optional()
    .meta({ description: "the town's folder; default: this file's, where it holds a town.yaml" }),
  rules: z.string().optional().meta({ description: 'the rulebook; default: rules.yaml beside this file' }),
  devices: z.record(Id, z.unknown()).default({}).meta({ description: 'for every test of the file' }),
  tests: z.array(Test).min(1),
});
export type TestFile = z.infer<typeof TestFile>;
