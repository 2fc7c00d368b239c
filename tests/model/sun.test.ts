import { describe, expect, it } from 'vitest';
import type { Location } from '../../src/model/primitives.ts';
import { Sun } from '../../src/model/sun.ts';

const LAILONG: Location = [118.4, 33.9];
const MINUTE = 60_000;
const DAY = 86_400_000;
const at = (text: string) => Date.parse(`2026-${text}:00+08:00`);

/**
 * Half a day's length in hours at a latitude, by the textbook: the sun is up while its centre is no more than 0.833° below
 * the horizon.
 */
function halfDay(latitude: number, declination: number): number {
  const [phi, delta, horizon] = [latitude, declination, -0.833].map((degrees) => (degrees * Math.PI) / 180) as [
    ...[number, number, number],
  ];
  const cosine = (Math.sin(horizon) - Math.sin(phi) * Math.sin(delta)) / (Math.cos(phi) * Math.cos(delta));
  return (Math.acos(cosine) * 12) / Math.PI;
}

describe('the sun over the town', () => {
  it.each([
    // The declination of the sun, and how far its noon is behind the clock's (equation of time), at the turns of the year.
    ['12-21', -23.44, -1.9],
    ['06-21', 23.44, 1.9],
    ['03-20', 0, 7.4],
  ])('rises and sets on %s when the textbook says so, within three minutes', (day, declination, equation) => {
    const { rise, set } = new Sun(LAILONG).horizon(at(`${day}T12:00`));
    const noon = at(`${day}T12:00`) + ((120 - LAILONG[0]) * 4 + equation) * MINUTE;
    const half = halfDay(LAILONG[1], declination) * 60 * MINUTE;
    expect(Math.abs(rise - (noon - half))).toBeLessThan(3 * MINUTE);
    expect(Math.abs(set - (noon + half))).toBeLessThan(3 * MINUTE);
  });

  it('is down from sunset on, until sunrise', () => {
    const sun = new Sun(LAILONG);
    const { rise, set } = sun.horizon(at('10-01T12:00'));
    expect([rise - 1, rise, set - 1, set].map((ts) => sun.isDown(ts))).toEqual([true, false, false, true]);
  });

  it('tells which sunset began the dark, before midnight and after it', () => {
    const sun = new Sun(LAILONG);
    const { set } = sun.horizon(at('10-01T12:00'));
    for (const ts of [set, at('10-01T23:59'), at('10-02T00:30'), at('10-02T05:00')]) {
      expect([ts, sun.isDown(ts), sun.downSince(ts)]).toEqual([ts, true, set]);
    }
  });

  it('has solar days that follow each other, each holding its own noon', () => {
    const sun = new Sun(LAILONG);
    const day = sun.dayOf(at('10-01T12:00'));
    expect(sun.dayOf(at('10-02T12:00'))).toBe(day + 1);
    expect([sun.dayOf(sun.startOf(day)), sun.dayOf(sun.startOf(day) - 1)]).toEqual([day, day - 1]);
  });

  it('remembers no other day than the one it is asked for', () => {
    const [sun, fresh] = [new Sun(LAILONG), () => new Sun(LAILONG)];
    for (let day = 0; day < 40; day++) {
      const noon = at('01-01T12:00') + day * DAY;
      expect(sun.horizon(noon)).toEqual(fresh().horizon(noon));
    }
    expect(sun.horizon(at('01-01T12:00'))).toEqual(fresh().horizon(at('01-01T12:00')));
  });
});

describe('the sun over the far north', () => {
  const SVALBARD: Location = [15.6, 78.2];

  it('does not set in summer, and does not rise in winter', () => {
    const sun = new Sun(SVALBARD);
    for (const hour of ['00', '06', '12', '18']) {
      expect([sun.isDown(at(`06-21T${hour}:00`)), sun.isDown(at(`12-21T${hour}:00`))]).toEqual([false, true]);
    }
  });
});
