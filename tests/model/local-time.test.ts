import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromLocalTime, localTime } from '../../src/model/local-time.ts';

describe("a town's wall clock", () => {
  it.each([
    ['Asia/Shanghai', '2026-01-15T08:10', '2026-01-15T00:10:00Z'],
    ['Europe/Berlin', '2026-03-29T01:59:59', '2026-03-29T00:59:59Z'],
    ['Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-10-25T02:30', '2026-10-25T00:30:00Z'],
    ['America/St_Johns', '2026-01-01T00:00', '2026-01-01T03:30:00Z'],
  ])('in %s shows %s at %s', (zone, local, at) => {
    expect(new Date(fromLocalTime(local, zone)).toISOString()).toBe(new Date(at).toISOString());
    expect(localTime(Date.parse(at), zone)).toBe(local.length === 16 ? `${local}:00` : local);
  });

  it('is read back as it was written, in any zone', () => {
    const zones = fc.constantFrom('Asia/Shanghai', 'America/New_York', 'Australia/Lord_Howe', 'UTC');
    const seconds = fc.integer({ min: 1_700_000_000, max: 1_900_000_000 });
    fc.assert(
      fc.property(zones, seconds, (zone, at) => {
        expect(localTime(fromLocalTime(localTime(at * 1_000, zone), zone), zone)).toBe(localTime(at * 1_000, zone));
      }),
    );
  });

  it('shows nothing for what is no time', () => {
    expect(fromLocalTime('2026-13-01T00:00', 'UTC')).toBeNaN();
  });
});
