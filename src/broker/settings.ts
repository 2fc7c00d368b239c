import { z } from 'zod';

/** Settings of the MQTT broker. */
export const BrokerSettings = z.strictObject({
  port: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(1883)
    .meta({ description: 'MQTT over TCP; 0 takes a free port.' }),
});
export type BrokerSettings = z.infer<typeof BrokerSettings>;
