import { z } from 'zod';

/** Settings of the HTTP server. */
export const HttpSettings = z.strictObject({
  port: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .meta({ description: 'HTTP for the API and the console; 0 takes a free port.' }),
  metricsWithoutToken: z
    .enum(['loopback', 'anywhere'])
    .default('loopback')
    .meta({ description: 'From where /metrics may be read without a token: this machine only, or anywhere.' }),
});
export type HttpSettings = z.infer<typeof HttpSettings>;
