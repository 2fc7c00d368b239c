import { expect, it, onTestFinished, vi } from 'vitest';
import { Dice } from '../../simulators/dice.ts';
import type { Alert } from '../../src/model/alert.ts';
import { local, MINUTE_MS } from '../simulators/support/town.ts';
import { LocalService } from './support/local-service.ts';
import { signIn } from './support/signed-in.ts';
import { Witness } from './support/witness.ts';

const SECRET = 'the-secret-of-this-device';
const device = (id: string) => ({
  ...{ id, kind: 'water-pressure', area: 'town-centre', organisation: 'water-company', secret: SECRET },
});

/** Garbage of every sort, the same at each run. */
function* garbage(): Iterable<string | Buffer> {
  const dice = new Dice(7, 'garbage');
  for (let at = 0; ; at++) {
    const share = dice.fixed(`${at}`);
    const bytes = Buffer.from(
      Array.from({ length: 1 + Math.floor(share * 300) }, (_, index) => (at * 31 + index * 7) % 256),
    );
    yield [bytes, '{"pressure":', '{"pressure":"high"}', '[[[[]]]]', 'null', `{"pressure":${1e9 * share + 10}}`][
      at % 6
    ] as string;
  }
}

it('P3: one device sends only garbage for an hour: all of it is accounted for, and it counts as silent until it makes sense', async () => {
  const service = await LocalService.start({ at: local('2026-11-22T10:00') });
  onTestFinished(() => service.stop());
  await service.register([device('WP-MAD')]);
  const witness = await Witness.call(service, signIn);
  const mad = await signIn(service, 'WP-MAD', SECRET);
  const topic = 'lailong/water-pressure/WP-MAD/telemetry';
  const silent = async () => {
    const { items } = await service.api<{ items: Alert[] }>('/alerts?rule=pressure-point-silent');
    return items.map(({ subject, state }) => `${subject.id} ${state}`);
  };

  const [minutes, aMinute] = [60, 100];
  const stuff = garbage()[Symbol.iterator]();
  for (let minute = 0; minute < minutes; minute++) {
    service.pass(MINUTE_MS);
    const sent = Array.from({ length: aMinute }, () => mad.publishAsync(topic, stuff.next().value, { qos: 1 }));
    await Promise.all([...sent, witness.speak()]);
  }
  await witness.testifyInFull();
  const ledger = await service.ledger();
  expect(ledger).toMatchObject({ rejected: minutes * aMinute, stored: witness.said, balanced: true });
  const { items } = await service.api<{ items: { reason: string }[] }>('/dead-letters?device=WP-MAD&limit=1000');
  expect(new Set(items.map(({ reason }) => reason))).toEqual(new Set(['malformed', 'type', 'out-of-range']));
  expect(mad.connected).toBe(true);
  expect(await silent()).toEqual(['WP-MAD firing']);

  // Nobody holds the hour against it.
  await mad.publishAsync(topic, '{"pressure":0.31}', { qos: 1 });
  service.pass(MINUTE_MS);
  await witness.testifyInFull();
  expect(await silent()).toEqual(['WP-MAD resolved']);
  expect(await service.api('/devices/WP-MAD/latest')).toMatchObject({ values: { pressure: 0.31 }, verdict: 'ok' });
});

it('P7: the machine’s clock steps back an hour: readings are taken and kept at once, and arrival never goes back', async () => {
  const service = await LocalService.start();
  onTestFinished(() => service.stop());
  const witness = await Witness.call(service, signIn);
  await service.register([device('WP-OWN-TIME')]);
  const own = await signIn(service, 'WP-OWN-TIME', SECRET);
  const say = (ts: number, pressure: number) =>
    own.publishAsync('lailong/water-pressure/WP-OWN-TIME/telemetry', JSON.stringify({ ts, pressure }), { qos: 1 });
  const latest = async () =>
    service.api<{ receivedAt: string; values: { pressure: number }; online: boolean }>('/devices/WP-OWN-TIME/latest');
  await say(Date.now(), 0.31);
  await witness.testifyInFull();
  const before = await latest();

  const right = Date.now.bind(Date);
  const stepped = vi.spyOn(Date, 'now').mockImplementation(() => right() - 3_600_000);
  onTestFinished(() => {
    stepped.mockRestore();
  });
  // A device whose clock stayed, and one that takes the service's: neither is lost, held up or taken for silent.
  await say(right(), 0.32);
  await witness.testifyInFull();
  await say(right(), 0.33);
  await witness.testifyInFull();
  const during = await latest();
  expect(during).toMatchObject({ values: { pressure: 0.33 }, online: true });
  expect(during.receivedAt >= before.receivedAt).toBe(true);
  expect((await service.ledger()).stored).toBe(witness.said + 3);

  stepped.mockRestore();
  await say(Date.now(), 0.34);
  await witness.testifyInFull();
  expect(await latest()).toMatchObject({ values: { pressure: 0.34 }, online: true });
  const to = new Date(right() + 3_600_000).toISOString();
  const { items } = await service.api<{ items: { pressure: number }[] }>(
    `/readings?device=WP-OWN-TIME&metric=pressure&to=${to}`,
  );
  expect(items.map(({ pressure }) => pressure)).toEqual([0.31, 0.32, 0.33, 0.34]);
  expect((await service.api<{ items: Alert[] }>('/alerts')).items).toEqual([]);
});
