import { expect, it } from 'vitest';
import { zoneOffset } from '../../src/model/zone.ts';

const HOUR = 3_600_000;

it.each([
  ['Asia/Shanghai', '2026-07-01T00:00:00Z', 8 * HOUR],
  ['UTC', '2026-07-01T00:00:00Z', 0],
  ['Asia/Kathmandu', '2026-07-01T00:00:00Z', 5.75 * HOUR],
  ['America/St_Johns', '2026-01-01T00:00:00Z', -3.5 * HOUR],
  ['Europe/Berlin', '2026-01-01T00:00:00Z', HOUR],
  ['Europe/Berlin', '2026-03-29T00:59:59Z', HOUR],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', 2 * HOUR],
  ['Asia/Shanghai', '1890-01-01T00:00:00Z', 8 * HOUR + 5 * 60_000 + 43_000],
])('%s at %s', (zone, at, offset) => {
  expect(zoneOffset(zone, Date.parse(at))).toBe(offset);
});
