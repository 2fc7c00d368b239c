import { z } from 'zod';
import { type Patrol, PatrolInput } from '../../model/patrol.ts';
import { Instant, instant } from '../../model/primitives.ts';
import { principalOf } from '../access.ts';
import type { Api } from '../api.ts';

/** What the patrols' resource needs. */
export interface PatrolsParts {
  /** Takes what night patrols found, all of it or nothing. Throws TownError `invalid` with everything that is wrong. */
  takePatrols(findings: readonly PatrolInput[], by: string): Promise<readonly Patrol[]>;
}

const Findings = z
  .union([PatrolInput, z.array(PatrolInput).min(1).max(5_000)])
  .meta({ id: 'PatrolFindings', description: 'what a night patrol found, of one device or of many' });

const Taken = z
  .object({
    items: z.array(z.object({ device: z.string(), ts: Instant, lit: z.int(), by: z.string(), until: Instant })),
  })
  .meta({ id: 'PatrolsTaken' });

/** `POST /patrols` */
export function patrolsResource(api: Api, parts: PatrolsParts): void {
  const schema = {
    summary: 'Takes what a night patrol found: which lamps burned, and which did not',
    tags: ['lighting'],
    body: Findings,
    response: { 201: Taken },
  };
  api.post('/patrols', { schema }, async (request, reply) => {
    const findings = Array.isArray(request.body) ? request.body : [request.body];
    const taken = await parts.takePatrols(findings, principalOf(request).id);
    reply.code(201);
    return {
      items: taken.map(({ device, ts, lit, by, validFor }) => {
        return { device, ts: instant(ts), lit, by, until: instant(ts + validFor) };
      }),
    };
  });
}
