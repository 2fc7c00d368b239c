import { z } from 'zod';
import { Id, Location, Name } from './primitives.ts';

/** When a device is in service: always, between two instants (ms), or from its first report on. */
export const InService = z.union([
  z.literal('always'),
  z.literal('auto'),
  z.strictObject({ from: z.int().nullable(), to: z.int().nullable() }),
]);

/** What the registry may be told of a device. Only id, kind, area and organisation are required. */
export const DeviceInput = z.strictObject({
  id: Id,
  kind: Id,
  area: Id.meta({ description: 'a leaf of the tree district > town > village' }),
  organisation: Id.meta({ description: 'the responsible bureau' }),
  name: Name.optional(),
  aliases: z.array(z.string().min(1).max(64)).max(8).optional(),
  road: Id.nullable().optional(),
  parent: Id.nullable().optional().meta({ description: 'its node of the network: feeder, pressure zone, regulator' }),
  gateway: Id.nullable().optional().meta({ description: 'the device that may publish for it' }),
  owner: z.string().max(200).nullable().optional(),
  maintainer: z.string().max(200).nullable().optional(),
  gridCell: z.string().max(64).nullable().optional(),
  componentCode: z.string().max(64).nullable().optional(),
  location: Location.nullable().optional(),
  attributes: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).optional(),
  reportInterval: z.int().min(1).max(604_800).optional().meta({ description: 'whole seconds; how often it speaks' }),
  sampleInterval: z.int().min(1).max(604_800).optional().meta({ description: 'whole seconds; how often it measures' }),
  power: z.enum(['always', 'switched']).optional(),
  inService: InService.optional(),
});
export type DeviceInput = z.infer<typeof DeviceInput>;

/** A secret that a vendor has put into a device; Townpulse's own are longer. */
export const Secret = z.string().regex(/^[ -~]{16,128}$/, 'a secret is 16 to 128 printable ASCII characters');

/** A device as the registry holds it: every default filled in, so that a reader needs no kind beside it. */
export const Device = z.object({
  id: Id,
  kind: Id,
  name: Name,
  aliases: z.array(z.string()),
  area: Id,
  road: Id.nullable(),
  parent: Id.nullable(),
  gateway: Id.nullable(),
  organisation: Id,
  owner: z.string().nullable(),
  maintainer: z.string().nullable(),
  gridCell: z.string().nullable(),
  componentCode: z.string().nullable(),
  location: Location.nullable(),
  attributes: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])),
  reportInterval: z.int(),
  sampleInterval: z.int(),
  power: z.enum(['always', 'switched']),
  inService: InService,
  /** When it was retired (ms), or null. A retired device may not connect and is judged by no rule. */
  retiredAt: z.int().nullable(),
});
export type Device = z.infer<typeof Device>;
