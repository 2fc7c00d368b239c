import { z } from 'zod';
import type { TownClock } from '../../kernel/town-clock.ts';
import { Instant, instant } from '../../model/primitives.ts';
import type { Town } from '../../model/town.ts';
import type { Api } from '../api.ts';

/** What the clock's resource needs. */
export interface ClockParts {
  clock: TownClock;
  town: Town;
}

const ShownClock = z
  .object({
    now: Instant,
    trial: z.boolean().meta({ description: 'whether the town lives by a clock of its own' }),
    speed: z.number().meta({ description: 'town seconds per second; 0 while the clock stands' }),
    timeZone: z.string().meta({ description: "IANA zone of the town's calendar" }),
  })
  .meta({ id: 'Clock' });

/** `GET /clock` */
export function clockResource(api: Api, { clock: { clock, trial }, town }: ClockParts): void {
  const schema = { summary: "The town's time", tags: ['town'], response: { 200: ShownClock } };
  api.get('/clock', { schema }, () => ({
    now: instant(clock.now()),
    trial: trial !== null,
    speed: trial?.speed ?? 1,
    timeZone: town.timeZone,
  }));
}
