import { z } from 'zod';

/** Somebody who may use the API. An administrator may do all; a duty officer may read all and try the demo's faults. */
export const Principal = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(['administrator', 'duty-officer']),
});
export type Principal = z.infer<typeof Principal>;

/** Whose a token is. It takes as long for a wrong token as for a right one. */
export interface Authenticator {
  authenticate(token: string): Principal | null;
}
