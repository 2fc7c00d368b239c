import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeReplay } from '../../src/cli/deadletters.ts';
import { type RunningService, runService } from './support/service.ts';

const ID = 'WP-9001';
const TOPIC = `lailong/water-pressure/${ID}/telemetry`;
const SECRET = 'a-vendors-own-secret';

let service: RunningService;
beforeAll(async () => {
  service = await runService();
  const where = ['--kind', 'water-pressure', '--area', 'town-centre', '--organisation', 'water-company'];
  await service.typed('devices', 'add', ID, ...where, '--secret', SECRET);
  const url = `mqtt://127.0.0.1:${service.mqttPort}`;
  const device = await connectAsync(url, { username: ID, password: SECRET, reconnectPeriod: 0 });
  for (const payload of ['no JSON', '{"pressure":"0.3"}', '{"pressure":99}']) {
    await device.publishAsync(TOPIC, payload, { qos: 1 });
  }
  await device.endAsync();
  const guest = connectAsync(url, { username: 'stranger', password: 'guessed', reconnectPeriod: 0 }, false);
  await expect(guest).rejects.toThrow('Bad username or password');
});
afterAll(() => service.end());

describe('deadletters list', () => {
  it('shows what could not be used, the newest first, for people', async () => {
    const { code, out } = await service.typed('deadletters', 'list');
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/).filter((_, at) => at !== 1))).toEqual([
      ['id', 'device', 'reason', 'field', 'replayed', 'detail'],
      ['3', ID, 'out-of-range', 'pressure', expect.any(String)],
      ['2', ID, 'type', 'pressure', expect.any(String)],
      ['1', ID, 'malformed', expect.stringContaining('not JSON')],
      [''],
    ]);
  });

  it('and for programs: one JSON document', async () => {
    const letters = await service.json<object[]>('deadletters', 'list', '--reason', 'type');
    expect(letters).toEqual([
      {
        ...{ id: '2', topic: TOPIC, device: ID, reason: 'type', field: 'pressure', replayed: false },
        ...{ payload: '{"pressure":"0.3"}', at: expect.any(String), detail: expect.any(String) },
      },
    ]);
    expect(await service.json('deadletters', 'list', '--device', 'WP-9002')).toEqual([]);
    expect(await service.json('deadletters', 'list', '--to', '2020-01-01T00:00:00Z')).toEqual([]);
    expect(await service.json('deadletters', 'list', '--limit', '1')).toHaveLength(1);
  });

  it('refuses a reason that there is not, with the nearest one: 2', async () => {
    const { code, err } = await service.typed('deadletters', 'list', '--reason', 'malformd');
    expect([code, err]).toEqual([2, expect.stringContaining('did you mean malformed?')]);
  });
});

describe('deadletters show', () => {
  it('shows one with its payload, and says which there is not', async () => {
    expect((await service.typed('deadletters', 'show', '2')).out).toMatch(/^payload +\{"pressure":"0.3"\}$/m);
    expect(await service.json('deadletters', 'show', '2')).toMatchObject({ id: '2', reason: 'type', replayed: false });
    const { code, err } = await service.typed('deadletters', 'show', '99');
    expect([code, err]).toEqual([1, expect.stringContaining('there is no dead letter 99')]);
  });
});

describe('deadletters replay', () => {
  it('says of each letter that is bad still why, for people and for programs', async () => {
    const { code, out } = await service.typed('deadletters', 'replay', '1', '3');
    expect([code, out.split('\n')[0]]).toEqual([0, '0 replayed, 2 refused']);
    expect(out).toMatch(/^1 +malformed: not JSON/m);
    expect(out).toMatch(/^3 +out-of-range: /m);
    expect(await service.json('deadletters', 'replay', '--reason', 'type')).toEqual({
      ...{
        replayed: 0,
        refused: [{ id: '2', reason: expect.stringMatching(/^type: /) }],
        refusedInAll: 1,
        refusedAgain: 0,
      },
    });
  });

  it.each([
    [0, []],
    [2, [expect.stringContaining('refused 2 again')]],
    [null, [expect.stringContaining('has not come to them yet')]],
  ])('says what the store does with what was replayed: %s refused again', (refusedAgain, more) => {
    expect(describeReplay({ replayed: 3, refusedInAll: 1, refusedAgain })).toEqual(['3 replayed, 1 refused', ...more]);
  });

  it('wants ids or a reason: 2', async () => {
    const { code, err } = await service.typed('deadletters', 'replay');
    expect([code, err]).toEqual([2, expect.stringContaining('give either ids or a reason')]);
  });
});

it('devices refused shows who was turned away at the door', async () => {
  const { out } = await service.typed('devices', 'refused');
  expect(out).toMatch(/^\S+ +stranger +127\.0\.0\.1:\d+ +unknown-device +1$/m);
  expect(await service.json('devices', 'refused')).toEqual([
    {
      ...{ id: 'stranger', reason: 'unknown-device', topic: null, payload: null, count: 1 },
      ...{ at: expect.any(String), address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
    },
  ]);
});
