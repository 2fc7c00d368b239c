import { z } from 'zod';
import { Device, DeviceInput, Secret } from '../../model/device.ts';
import { Instant, instant } from '../../model/primitives.ts';
import { InstantText } from '../parameters.ts';

const IN_SERVICE = 'write always, auto, or {"from": …, "to": …} with instants, either of them null';

const Moment = z.union([z.int().min(0), InstantText]).nullable();
const Period = z
  .strictObject({ from: Moment, to: Moment })
  .refine(({ from, to }) => from === null || to === null || from < to, 'the period ends before it begins');

const Registrable = DeviceInput.extend({
  inService: z
    .union([z.literal('always'), z.literal('auto'), Period], {
      error: (issue) => (issue.code === 'invalid_union' && issue.errors.length > 0 ? IN_SERVICE : undefined),
    })
    .optional(),
});

/** What `POST /devices` takes. */
export const DeviceRegistration = Registrable.extend({
  secret: Secret.optional().meta({ description: "a vendor's own secret; one is made where none is given" }),
}).meta({ id: 'DeviceRegistration' });

/** What `PATCH /devices/{id}` takes. */
export const DeviceChange = Registrable.omit({ id: true }).partial().meta({ id: 'DeviceChange' });
export type DeviceChange = z.infer<typeof DeviceChange>;

const InServiceShown = z.union([
  z.literal('always'),
  z.literal('auto'),
  z.object({ from: Instant.nullable(), to: Instant.nullable() }),
]);

/** A device as the API shows it: its instants are RFC 3339. */
export const ShownDevice = Device.extend({ inService: InServiceShown, retiredAt: Instant.nullable() }).meta({
  id: 'Device',
});
export type ShownDevice = z.infer<typeof ShownDevice>;

/** What a device signs in with; its secret is shown this once. */
export const Credentials = z.object({ username: z.string(), secret: z.string() });
export type Credentials = z.infer<typeof Credentials>;

/** The device as the API shows it. */
export function showDevice(device: Device): ShownDevice {
  const { inService, retiredAt } = device;
  return {
    ...device,
    inService: typeof inService === 'string' ? inService : { from: orNull(inService.from), to: orNull(inService.to) },
    retiredAt: orNull(retiredAt),
  };
}

function orNull(ms: number | null): string | null {
  return ms === null ? null : instant(ms);
}
