import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { Api } from '../api.ts';

/** What the backup's resource needs. */
export interface BackupParts {
  /**
   * Copies everything as it is now, and gives the copy as a stream. Throws TownError `conflict` while another one is made,
   * `unavailable` for want of disk or of the history.
   */
  makeBackup(): Promise<{ manifest: { madeAt: string; town: string }; stream: Readable }>;
}

const TAR = 'application/x-tar';

/** `POST /backup` */
export function backupResource(api: Api, parts: BackupParts): void {
  const schema = {
    summary: 'Everything that the data directory holds as of now, as one tar file; tokens and secrets are in it',
    tags: ['service'],
    response: { 200: { description: 'ends with SHA256SUMS', content: { [TAR]: { schema: z.string() } } } },
  };
  api.post('/backup', { schema }, async (_request, reply) => {
    const { manifest, stream } = await parts.makeBackup();
    const name = `townpulse-${manifest.town}-${manifest.madeAt.slice(0, 19).replaceAll(/[-:]/g, '')}Z.tar`;
    reply.header('content-type', TAR).header('content-disposition', `attachment; filename="${name}"`);
    return reply.send(stream as never);
  });
}
