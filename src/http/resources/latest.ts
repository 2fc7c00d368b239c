import { z } from 'zod';
import { TownError } from '../../kernel/errors.ts';
import { Instant, instant } from '../../model/primitives.ts';
import type { SampleFlag, Value } from '../../model/sample.ts';
import { Verdict } from '../../model/verdict.ts';
import type { Api } from '../api.ts';
import { IdPath } from '../parameters.ts';
import { type DeviceBook, mustFind } from './devices.ts';

/** A device's newest sample; instants in ms. */
export interface Latest {
  ts: number;
  receivedAt: number;
  values: Record<string, Value>;
  flags: readonly SampleFlag[];
  /** Whether it is heard of. */
  online: boolean;
  /** The device's clock minus ours; null when it sends no time. */
  clockOffsetMs: number | null;
}

/** What the newest values' resource needs. */
export interface LatestParts {
  devices: DeviceBook;
  /** The newest sample of a device, or undefined while it has never reported. */
  latest(device: string): Latest | undefined;
  /** The worst verdict of a device's rules. */
  verdictOf(device: string): Verdict;
}

const ShownLatest = z
  .object({
    device: z.string(),
    kind: z.string(),
    ts: Instant.meta({ description: 'when it was measured' }),
    receivedAt: Instant,
    values: z.record(z.string(), z.union([z.number(), z.boolean()])),
    flags: z.array(z.enum(['clock', 'late', 'correction'])),
    online: z.boolean(),
    clockOffsetMs: z.number().nullable().meta({ description: "the device's clock minus the town's" }),
    verdict: Verdict,
  })
  .meta({ id: 'Latest' });

/** `GET /devices/{id}/latest` */
export function latestResource(api: Api, { devices, latest, verdictOf }: LatestParts): void {
  const schema = {
    summary: 'The newest values of a device',
    tags: ['devices'],
    params: IdPath,
    response: { 200: ShownLatest },
  };
  api.get('/devices/:id/latest', { schema }, (request) => {
    const { id, kind } = mustFind(devices, request.params.id);
    const newest = latest(id);
    if (newest === undefined) throw new TownError('not-found', `${id} is registered, and has not reported yet`);
    const { ts, receivedAt, values, flags, online, clockOffsetMs } = newest;
    return {
      device: id,
      kind,
      ts: instant(ts),
      receivedAt: instant(receivedAt),
      values,
      flags: [...flags],
      online,
      clockOffsetMs,
      verdict: verdictOf(id),
    };
  });
}
