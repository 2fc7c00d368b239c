import { z } from 'zod';
import { Id, Instant, Name } from '../../model/primitives.ts';
import { Verdict } from '../../model/verdict.ts';
import type { Api } from '../api.ts';
import { listOf, PlacePaging, pageByPlace } from '../lists.ts';

/** By what facilities are grouped. */
export const FacilityGroup = z.enum(['town', 'village', 'road']);
export type FacilityGroup = z.infer<typeof FacilityGroup>;

const Rate = z.number().min(0).max(1).nullable();

/** 设施完好率: how many facilities of a kind are intact in a group now, by a rule of the type `intact`. */
export const FacilityRate = z
  .object({
    rule: Id,
    kind: Id,
    group: FacilityGroup,
    id: z.string(),
    name: Name,
    inService: z.int(),
    intact: z.int(),
    impaired: z.int().meta({ description: "with an open alert of one of the rule's `impairedBy`" }),
    unknown: z.int().meta({ description: 'silent, and nothing is held against them' }),
    maintained: z.int().meta({ description: 'worked on, and not in the count' }),
    low: Rate.meta({ description: 'intact / inService' }),
    high: Rate.meta({ description: '(intact + unknown) / inService' }),
    reported: Rate.meta({ description: 'intact / (intact + impaired): the figure a bureau quotes' }),
    coverage: Rate.meta({ description: '(intact + impaired) / inService' }),
    target: z.number(),
    verdict: Verdict,
    reason: z.string().nullable(),
    impairedBy: z.record(z.string(), z.int()).meta({ description: 'by rule: how many it holds something against' }),
    at: Instant.meta({ description: 'when it was judged' }),
  })
  .meta({ id: 'FacilityRate' });
export type FacilityRate = z.infer<typeof FacilityRate>;

/** What the facilities' resource needs. */
export interface FacilitiesParts {
  /** One for each group of this sort and rule, in an order that stays. */
  facilities(group: FacilityGroup): readonly FacilityRate[];
}

/** `GET /facilities/now` */
export function facilitiesResource(api: Api, { facilities }: FacilitiesParts): void {
  const schema = {
    summary: 'Facilities intact now, as an interval with its coverage',
    tags: ['facilities'],
    querystring: PlacePaging.extend({ group: FacilityGroup }),
    response: { 200: listOf(FacilityRate) },
  };
  api.get('/facilities/now', { schema }, (request) => pageByPlace(facilities(request.query.group), request.query));
}
