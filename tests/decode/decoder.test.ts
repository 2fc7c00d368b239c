import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../src/decode/decoder.ts';
import { compileFields } from '../../src/decode/fields.ts';
import { createUnique } from '../../src/decode/unique.ts';
import { Kind, type Kinds } from '../../src/model/kind.ts';

const ARRIVAL = Date.parse('2026-01-01T00:00:00Z');
const HOUR = 3_600_000;
const name = { zh: '名', en: 'name' };
const KINDS: Kinds = new Map(
  [
    Kind.parse({
      id: 'water-pressure',
      name,
      reportInterval: 300,
      fields: {
        pressure: { type: 'number', unit: 'MPa', range: [0, 2.5], name },
        temperature: { type: 'number', unit: '°C', range: [-20, 60], name },
        battery: { type: 'number', unit: '%', range: [0, 100], name },
      },
    }),
    Kind.parse({
      id: 'lighting-controller',
      name,
      reportInterval: 300,
      fields: {
        lampsLit: { type: 'number', range: [0, 1000], name },
        doorOpen: { type: 'boolean', name },
      },
    }),
  ].map((kind) => [kind.id, kind]),
);
const DEVICES = new Map([
  ['WP-1', { kind: 'water-pressure', gateway: null, retiredAt: null }],
  ['WP-OLD', { kind: 'water-pressure', gateway: 'LC-1', retiredAt: 5 }],
  ['LC-1', { kind: 'lighting-controller', gateway: null, retiredAt: null }],
  ['LC-1-01', { kind: 'lighting-controller', gateway: 'LC-1', retiredAt: null }],
  ['LC-2', { kind: 'lighting-controller', gateway: null, retiredAt: null }],
]);

interface From {
  publisher?: string;
  device?: string;
  kind?: string;
  wall?: number | null;
}

function decode(payload: unknown, from: From = {}) {
  const { publisher = 'WP-1', wall = null } = from;
  const device = from.device ?? publisher;
  const kind = from.kind ?? DEVICES.get(device)?.kind ?? '';
  const decoder = new Decoder(
    compileFields(KINDS),
    { find: (id) => DEVICES.get(id) },
    { maxAge: 30 * 24 * HOUR, maxAhead: 300_000 },
    createUnique(0).unique,
  );
  const bytes = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return decoder.decode({ publisher, kind, device, payload: bytes, arrival: ARRIVAL, wall });
}

const reasons = (payload: unknown, from: From = {}) => decode(payload, from).rejected.map(({ reason }) => reason);

describe('what a device may send', () => {
  it('reads one sample with its sequence', () => {
    expect(decode({ ts: ARRIVAL - 1_000, seq: 42, pressure: 0.312, battery: 88 }).samples).toEqual([
      {
        device: 'WP-1',
        kind: 'water-pressure',
        ts: ARRIVAL - 1_000,
        seq: 42,
        values: { pressure: 0.312, battery: 88 },
      },
    ]);
  });

  it('counts none of the parts of a sample among its fields', () => {
    expect(decode({ device: 'WP-1', ts: ARRIVAL, seq: 42, pressure: 0.312 }).unknown).toEqual([]);
  });

  it('reads arrays, nested values, RFC 3339 with offset, and epoch seconds', () => {
    const { samples } = decode([
      { ts: '2026-01-01T07:30:00+08:00', values: { pressure: 0.31 } },
      { ts: ARRIVAL / 1_000 - 60, pressure: 0.309 },
    ]);
    expect(samples.map(({ ts, values }) => [ts - ARRIVAL, values])).toEqual([
      [-1_800_000, { pressure: 0.31 }],
      [-60_000, { pressure: 0.309 }],
    ]);
  });

  it('reads SenML and converts its units', () => {
    const bt = ARRIVAL / 1_000;
    const { samples } = decode([
      { bn: 'urn:dev:WP-1:', bt, n: 'pressure', u: 'kPa', v: 312 },
      { n: 'temperature', u: 'K', v: 288.15 },
      { n: 'pressure', u: 'bar', v: 3, t: -300 },
    ]);
    expect(samples).toEqual([
      { device: 'WP-1', kind: 'water-pressure', ts: ARRIVAL, values: { pressure: 0.312, temperature: 15 } },
      { device: 'WP-1', kind: 'water-pressure', ts: ARRIVAL - 300_000, values: { pressure: 0.3 } },
    ]);
  });

  it('takes SenML times below 2^28 as relative to arrival, and a pack without time as now', () => {
    expect(decode([{ bn: 'urn:dev:WP-1:', n: 'pressure', v: 0.3, t: -60 }]).samples[0]?.ts).toBe(ARRIVAL - 60_000);
    expect(decode([{ bn: 'urn:dev:WP-1:', n: 'pressure', v: 0.3 }]).samples[0]).toMatchObject({
      ts: ARRIVAL,
      assigned: true,
    });
  });

  it('takes true, false, 0 and 1 for a switch', () => {
    const values = [true, false, 1, 0].map(
      (doorOpen) => decode({ doorOpen }, { publisher: 'LC-1' }).samples[0]?.values.doorOpen,
    );
    expect(values).toEqual([true, false, true, false]);
  });

  it('lets a gateway report for its children on its own topic and on theirs', () => {
    const own = decode([{ device: 'LC-1-01', lampsLit: 1 }, { lampsLit: 30 }], { publisher: 'LC-1' });
    expect(own.samples.map(({ device }) => device)).toEqual(['LC-1-01', 'LC-1']);
    const child = decode({ lampsLit: 1 }, { publisher: 'LC-1', device: 'LC-1-01' });
    expect(child.samples.map(({ device }) => device)).toEqual(['LC-1-01']);
  });
});

it('tells a sample of unknown fields only from one that is empty', () => {
  const [unknown] = decode({ pressured: 0.3 }).rejected;
  expect(unknown).toMatchObject({ reason: 'empty', device: 'WP-1', isUnknownOnly: true });
  const [empty] = decode({}).rejected;
  expect(empty).toMatchObject({ reason: 'empty', device: 'WP-1' });
  expect(empty).not.toHaveProperty('isUnknownOnly');
});

describe('what refuses a whole message', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  it.each([
    ['no bytes', '', 'empty'],
    ['an empty array', '[]', 'empty'],
    ['not JSON', '{"pressure":', 'malformed'],
    ['a bare number', '3', 'malformed'],
    ['null', 'null', 'malformed'],
    ['NaN', '{"pressure":NaN}', 'malformed'],
    ['a byte-order mark', '\ufeff{"pressure":0.3}', 'malformed'],
    ['NUL in a string', '{"device":"WP-1\\u0000","pressure":0.3}', 'malformed'],
    ['half a surrogate pair in a key', '{"\\ud800":1,"pressure":0.3}', 'malformed'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'malformed'],
    ['300 KiB', JSON.stringify({ pressure: 0.3, note: 'x'.repeat(300 * 1024) }), 'too-large'],
    ['depth 50', nested(50), 'too-deep'],
    ['10,000 samples', JSON.stringify(Array(10_000).fill({ pressure: 0.3 })), 'too-many-samples'],
  ])('%s is one rejected message', (_what, payload, reason) => {
    const decoded = decode(payload);
    expect([decoded.samples, decoded.rejected.map((letter) => letter.reason)]).toEqual([[], [reason]]);
  });

  it('depth is counted outside of strings only', () => {
    expect(decode({ pressure: 0.3, note: '[[[[[[[[[[[[[[[[[[[[\\"{{{{' }).samples).toHaveLength(1);
    expect(reasons(`{"pressure":0.3,"deep":${nested(15)}}`)).toEqual([]);
    expect(reasons(`{"pressure":0.3,"deep":${nested(16)}}`)).toEqual(['too-deep']);
  });
});

describe('what refuses one sample, and lets the others in', () => {
  it.each([
    ['an unknown device', { device: 'WP-404', pressure: 0.3 }, 'unknown-device'],
    ['a device that is a number', { device: 7, pressure: 0.3 }, 'unknown-device'],
    ["somebody else's device", { device: 'LC-2', lampsLit: 1 }, 'not-your-device'],
    ['a retired child', { device: 'WP-OLD', pressure: 0.3 }, 'retired'],
    ['only unknown fields', { colour: 1 }, 'empty'],
    ['no fields', { ts: ARRIVAL }, 'empty'],
    ['a number in a string', { lampsLit: '30' }, 'type'],
    ['a count out of range', { lampsLit: 100_000 }, 'out-of-range'],
    ['an array for a sample', [1], 'malformed'],
    ['65 fields', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`f${index}`, 1])), 'too-many-fields'],
  ])('%s', (_what, bad, reason) => {
    const decoded = decode([{ lampsLit: 1 }, bad], { publisher: 'LC-1' });
    expect(decoded.samples).toHaveLength(1);
    expect(decoded.rejected.map((letter) => letter.reason)).toEqual([reason]);
  });

  it('a child under the wrong kind', () => {
    expect(reasons({ lampsLit: 1 }, { publisher: 'LC-1', device: 'LC-1-01', kind: 'water-pressure' })).toEqual([
      'wrong-kind',
    ]);
  });

  it('a unit that cannot be converted', () => {
    expect(reasons([{ bn: 'urn:dev:WP-1:', n: 'pressure', u: 'Cel', v: 3 }])).toEqual(['unit']);
  });
});

describe('what refuses a field, and keeps its sample', () => {
  it('is told beside the sample', () => {
    const decoded = decode({ pressure: 99, temperature: '15', battery: Infinity, colour: 'red' });
    expect(decoded.samples).toEqual([]);
    const kept = decode(`{"pressure":0.3,"temperature":"15","battery":1e999,"colour":"red"}`);
    expect(kept.samples[0]?.values).toEqual({ pressure: 0.3 });
    expect(kept.fields.map(({ field, reason }) => [field, reason])).toEqual([
      ['temperature', 'type'],
      ['battery', 'type'],
    ]);
    expect(kept.unknown).toEqual([{ kind: 'water-pressure', field: 'colour', example: '"red"' }]);
  });

  it('names of JavaScript are unknown fields like any other', () => {
    const { samples, unknown } = decode('{"pressure":0.3,"__proto__":1,"constructor":2,"toString":3}');
    expect(samples[0]?.values).toEqual({ pressure: 0.3 });
    expect(unknown.map(({ field }) => field)).toEqual(['__proto__', 'constructor', 'toString']);
  });

  it('takes what is called like a part of a sample for a field where only fields are', () => {
    const { samples, unknown } = decode({ ts: ARRIVAL, values: { pressure: 0.3, ts: 1, device: 'WP-2', seq: 2 } });
    expect(samples).toEqual([{ device: 'WP-1', kind: 'water-pressure', ts: ARRIVAL, values: { pressure: 0.3 } }]);
    expect(unknown.map(({ field }) => field)).toEqual(['ts', 'device', 'seq']);
  });

  it('an unreadable time takes the arrival time and says so', () => {
    const decoded = decode({ ts: 'yesterday', pressure: 0.3 });
    expect(decoded.samples[0]).toMatchObject({ ts: ARRIVAL, assigned: true });
    expect(decoded.fields.map(({ field, reason }) => [field, reason])).toEqual([['ts', 'type']]);
  });
});

describe('the clock of a sample', () => {
  it('twenty-four samples dated 1970 are twenty-four rows, the newest at arrival, spacing and sent times kept', () => {
    const { samples } = decode(Array.from({ length: 24 }, (_, index) => ({ ts: index * 300, pressure: 0.3 })));
    expect(new Set(samples.map(({ ts }) => ts)).size).toBe(24);
    expect(samples[23]).toMatchObject({ ts: ARRIVAL, deviceTs: 23 * 300_000 });
    expect(samples[0]).toMatchObject({ ts: ARRIVAL - 23 * 300_000, deviceTs: 0 });
  });

  it('a timestamp in 2099 becomes the arrival time', () => {
    const sent = Date.parse('2099-01-01T00:00:00Z');
    expect(decode({ ts: sent, pressure: 0.3 }).samples[0]).toMatchObject({ ts: ARRIVAL, deviceTs: sent });
  });

  it('the window holds its first and its last instant, and not the ones beside it', () => {
    const [oldest, newest] = [ARRIVAL - 30 * 24 * HOUR, ARRIVAL + 300_000];
    for (const ts of [oldest, newest]) expect(decode({ ts, pressure: 0.3 }).samples[0]).toMatchObject({ ts });
    for (const ts of [oldest - 1, newest + 1]) {
      expect(decode({ ts, pressure: 0.3 }).samples[0]).toMatchObject({ ts: ARRIVAL, deviceTs: ts });
    }
  });

  it('1970 and 2099 in one message both stay within the window', () => {
    const { samples } = decode([
      { ts: 0, pressure: 0.3 },
      { ts: '2099-01-01T00:00:00Z', pressure: 0.3 },
      { ts: ARRIVAL - HOUR, pressure: 0.3 },
    ]);
    expect(samples.map(({ ts }) => ts)).toEqual([ARRIVAL, ARRIVAL + 1, ARRIVAL - HOUR]);
  });

  it('samples without a time are told apart by milliseconds', () => {
    const { samples } = decode([{ pressure: 0.1 }, { pressure: 0.2 }, { pressure: 0.3 }]);
    expect(samples.map(({ ts }) => ts - ARRIVAL)).toEqual([0, 1, 2]);
  });

  it('under a trial clock the wall clock is the town now', () => {
    const wall = ARRIVAL + 1_000 * HOUR;
    expect(decode({ ts: wall - 1_000, pressure: 0.3 }, { wall }).samples[0]).toEqual({
      device: 'WP-1',
      kind: 'water-pressure',
      ts: ARRIVAL - 1_000,
      assigned: true,
      values: { pressure: 0.3 },
    });
    const yesterday = ARRIVAL - 24 * HOUR;
    expect(decode({ ts: yesterday - 1_000, pressure: 0.3 }, { wall: yesterday }).samples[0]).toMatchObject({
      ts: ARRIVAL - 1_000,
      assigned: true,
    });
    expect(decode({ ts: wall - 11 * 60_000, pressure: 0.3 }, { wall }).samples[0]).toHaveProperty('deviceTs');
  });

  it('times are not given out twice across a restart', () => {
    const { unique } = createUnique(ARRIVAL + 500);
    expect(unique('WP-1', ARRIVAL)).toBe(ARRIVAL + 501);
    expect(unique('WP-1', ARRIVAL)).toBe(ARRIVAL + 502);
  });
});

it('whatever the bytes, decoding comes to an end with each sample kept or rejected', () => {
  const json = fc.json().map((text) => Buffer.from(text));
  const almost = fc
    .array(
      fc.dictionary(
        fc.constantFrom('ts', 'pressure', 'device', 'values', 'bn', 'n', 'v', 'u', 't', 'seq', '__proto__'),
        fc.anything(),
      ),
    )
    .map((value) =>
      Buffer.from(JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? Number(part) : part)) ?? ''),
    );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        json,
        almost,
      ),
      (payload) => {
        const { samples, rejected } = decode(payload);
        expect(samples.length + rejected.length).toBeGreaterThan(0);
        for (const { ts, values } of samples) {
          expect(Number.isSafeInteger(ts)).toBe(true);
          expect(Object.keys(values).length).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
