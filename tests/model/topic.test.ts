import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseTelemetryTopic, telemetryTopic } from '../../src/model/topic.ts';

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

it('what a device publishes on is read as what it was made of', () => {
  fc.assert(
    fc.property(id, id, id, (town, kind, device) => {
      expect(parseTelemetryTopic(telemetryTopic(town, kind, device))).toEqual({ town, kind, device });
    }),
  );
});

it.each([
  '',
  'telemetry',
  'lailong/water-pressure/WP-1',
  'lailong/water-pressure/WP-1/telemetry/',
  '/lailong/water-pressure/WP-1/telemetry',
  'lailong/water-pressure/WP-1/status',
  'lailong/water-pressure/+/telemetry',
  'lailong/#/WP-1/telemetry',
  'lailong//WP-1/telemetry',
  'lailong/../WP-1/telemetry',
  'lailong/water-pressure/WP 1/telemetry',
  'lailong/water-pressure/测压点/telemetry',
  'lailong/water-pressure/WP-1/telemetry\n',
  'lailong/water-pressure/WP-1\0/telemetry',
  `lailong/water-pressure/${'x'.repeat(65)}/telemetry`,
])('%j is none', (topic) => {
  expect(parseTelemetryTopic(topic)).toBe(null);
});
