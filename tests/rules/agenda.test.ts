import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transition } from '../../src/model/transition.ts';
import { Agenda } from '../../src/rules/agenda.ts';
import { Engine } from '../../src/rules/engine.ts';
import { journals } from './support/journals.ts';
import { KINDS } from './support/town.ts';

describe('an agenda', () => {
  it('hands out each item once, no later than it is due, and hardly earlier', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1_000_000), fc.nat(60_000)), { maxLength: 50 }), (steps) => {
        const agenda = new Agenda<{ at: number }>();
        let now = 0;
        const waiting = new Set<{ at: number }>();
        for (const [at, pause] of steps) {
          const item = { at };
          agenda.add(item, at);
          waiting.add(item);
          now += pause;
          for (const found of agenda.due(now)) {
            expect(waiting.delete(found)).toBe(true);
            expect(found.at - now).toBeLessThan(5_000);
          }
          for (const left of waiting) expect(left.at).toBeGreaterThan(now);
        }
      }),
    );
  });

  it('makes a tick that looks at what may have changed find what one finds that looks at everything', () => {
    fc.assert(
      fc.property(journals, (records) => {
        const [found, all]: Transition[][] = [[], []];
        const engine = new Engine(KINDS, (transition) => found?.push(transition));
        const thorough = new Engine(KINDS, (transition) => all?.push(transition));
        for (const record of records) {
          // As if some work had been announced: nothing is taken for known then.
          thorough.roster.maintenance.version++;
          engine.feed(record);
          thorough.feed(record);
          expect(found).toEqual(all);
        }
        const counts = ({ counts }: Engine) => counts.map(({ devices: _, version: __, ...count }) => count);
        expect(counts(engine)).toEqual(counts(thorough));
      }),
      { numRuns: 60 },
    );
  });
});
