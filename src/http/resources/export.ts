import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { TownClock } from '../../kernel/town-clock.ts';
import type { Api } from '../api.ts';
import { PeriodQuery, periodOf } from '../period.ts';

/** What to export; instants in ms, `from` inclusive, `to` exclusive. */
export interface ExportQuery {
  kind: string;
  from: number;
  to: number;
  format: 'csv' | 'parquet';
}

/** What the export's resource needs. */
export interface ExportParts {
  /**
   * Begins an export, which `signal` ends; `bytes` is null where nobody knows before its end. Throws TownError `invalid`
   * for a kind that nobody knows, `unavailable` for want of the history or of disk, `conflict` while another one is made.
   */
  exportRows(query: ExportQuery, signal: AbortSignal): Promise<{ stream: Readable; bytes: number | null }>;
  clock: TownClock;
}

const MEDIA = { csv: 'text/csv', parquet: 'application/vnd.apache.parquet' } as const;

const Query = z.strictObject({
  kind: z.string(),
  ...PeriodQuery,
  format: z.enum(['csv', 'parquet']).default('csv'),
});

/** `GET /export` */
export function exportResource(api: Api, parts: ExportParts): void {
  const file = { schema: z.string() };
  const schema = {
    summary: 'The stored rows of a kind as a table, by time, then device',
    tags: ['readings'],
    querystring: Query,
    response: {
      200: {
        description:
          'device, ts, the fields of the kind (with a _ behind where the name is taken), receivedAt, deviceTs (ms since 1970, as the device sent it), seq, flags, area, road, organisation. An answer that breaks off, or is shorter than its content-length, is not whole.',
        content: { [MEDIA.csv]: file, [MEDIA.parquet]: file },
      },
    },
  };
  // Asking for the headers alone would make the whole of it.
  api.get('/export', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const { kind, format } = request.query;
    const period = periodOf(request.query, parts.clock.clock.now());
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort(new Error('whoever asked has gone')));
    const { stream, bytes } = await parts.exportRows({ kind, format, ...period }, gone.signal);
    if (gone.signal.aborted) stream.destroy();
    const name = `${kind}-${fileTime(period.from)}-${fileTime(period.to)}.${format}`;
    reply.header('content-type', format === 'csv' ? `${MEDIA.csv}; charset=utf-8; header=present` : MEDIA.parquet);
    reply.header('content-disposition', `attachment; filename="${name}"`);
    if (bytes !== null) reply.header('content-length', bytes);
    return reply.send(stream as never);
  });
}

/** `20261123T123105Z` */
function fileTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
