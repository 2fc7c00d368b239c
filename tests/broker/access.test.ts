import fc from 'fast-check';
import { expect, it } from 'vitest';
import { publishAccess } from '../../src/broker/access.ts';

const DEVICES = {
  'WP-1': { kind: 'water-pressure', gateway: null },
  'LC-1': { kind: 'lighting-controller', gateway: null },
  'LC-1-1': { kind: 'lighting-controller', gateway: 'LC-1' },
  'LC-1-1-1': { kind: 'lighting-controller', gateway: 'LC-1-1' },
};
const directory = {
  authenticate: () => 'ok' as const,
  find: (id: string) => (Object.hasOwn(DEVICES, id) ? DEVICES[id as keyof typeof DEVICES] : undefined),
};
const access = (publisher: string, topic: string) => publishAccess('lailong', publisher, topic, directory);

it('a device publishes on its own topic', () => {
  expect(access('WP-1', 'lailong/water-pressure/WP-1/telemetry')).toEqual({
    ok: true,
    kind: 'water-pressure',
    device: 'WP-1',
  });
});

it('a gateway publishes for its children; under another kind, too: that is a matter of the samples', () => {
  const child = { ok: true, kind: 'lighting-controller', device: 'LC-1-1' };
  expect(access('LC-1', 'lailong/lighting-controller/LC-1-1/telemetry')).toEqual(child);
  expect(access('LC-1', 'lailong/smart-pole/LC-1-1/telemetry')).toEqual({ ...child, kind: 'smart-pole' });
});

it.each([
  ['WP-1', 'lailong/lighting-controller/LC-1/telemetry', 'not-your-device'],
  ['WP-1', 'lailong/water-pressure/WP-9/telemetry', 'not-your-device'],
  ['LC-1', 'lailong/lighting-controller/LC-1-1-1/telemetry', 'not-your-device'],
  ['LC-1-1', 'lailong/lighting-controller/LC-1/telemetry', 'not-your-device'],
  ['WP-1', 'lailong/gas-meter/WP-1/telemetry', 'wrong-kind'],
  ['WP-9', 'lailong/water-pressure/WP-9/telemetry', 'wrong-kind'],
  ['WP-1', 'Lailong/water-pressure/WP-1/telemetry', 'bad-topic'],
  ['WP-1', 'lailong/water-pressure/WP-1', 'bad-topic'],
  ['WP-1', '/lailong/water-pressure/WP-1/telemetry', 'bad-topic'],
])('%s may not publish on %s: %s', (publisher, topic, reason) => {
  expect(access(publisher, topic)).toEqual({ ok: false, reason });
});

it('whatever the topic, nobody publishes but as themselves or for a child of theirs', () => {
  const word = fc.oneof(
    fc.constantFrom('lailong', 'water-pressure', 'lighting-controller', 'telemetry', '', '+', '#', '__proto__'),
    fc.constantFrom(...Object.keys(DEVICES)),
    fc.string(),
  );
  const topic = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join('/'));
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(DEVICES)), topic, (publisher, topic) => {
      const found = access(publisher, topic);
      if (!found.ok) return;
      expect(topic).toBe(`lailong/${found.kind}/${found.device}/telemetry`);
      expect([found.device, directory.find(found.device)?.gateway]).toContain(publisher);
    }),
    { numRuns: 2_000 },
  );
});
