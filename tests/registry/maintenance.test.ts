import { describe, expect, it } from 'vitest';
import { TrialClock } from '../../src/kernel/clock.ts';
import type { Device } from '../../src/model/device.ts';
import type { Change } from '../../src/model/record.ts';
import { applyDefaults } from '../../src/registry/check.ts';
import { Maintenances } from '../../src/registry/maintenance.ts';
import { TOWN } from '../rules/support/town.ts';
import { SMALL_KINDS } from '../support/kinds.ts';
import { temporaryStore } from '../support/temporary.ts';

const NOW = Date.parse('2026-01-15T09:00:00+08:00');
const HOUR = 3_600_000;
const lamp = (id: string, more: Partial<Device> = {}): Device => ({
  ...applyDefaults({ id, kind: 'lighting-controller', area: 'village', organisation: 'urban-management' }, SMALL_KINDS),
  ...more,
});
const DEVICES = [lamp('LC-1'), lamp('LC-3', { retiredAt: 5 })];
const WORK = { subject: { type: 'device', id: 'LC-1' } as const, to: NOW + HOUR, reason: 'driver' };

async function desk() {
  const store = await temporaryStore();
  const clock = new TrialClock(NOW);
  const recorded: { change: Change; by: string }[] = [];
  const journal = {
    append: (records: readonly { change: Change; by: string }[], alongside: (appended: { at: number }) => void) =>
      store.transaction(() => {
        recorded.push(...records);
        alongside({ at: clock.now() });
      }),
  };
  const devices = { find: (id: string) => DEVICES.find((device) => device.id === id) };
  return { desk: () => new Maintenances(store, devices, journal, clock, TOWN), recorded, clock };
}

async function problemsOf(promise: Promise<unknown>): Promise<string[]> {
  const error = await promise.then(
    () => expect.unreachable(),
    (caught) => caught,
  );
  expect(error).toMatchObject({ code: 'invalid' });
  return error.problems.map(({ path, message }: { path: string; message: string }) => `${path}: ${message}`);
}

describe('windows of maintenance', () => {
  it('are changes in the journal by who announced them, and outlive a restart', async () => {
    const { desk: open, recorded, clock } = await desk();
    const made = await open().announce({ ...WORK, from: NOW + HOUR / 2 }, 'Li');
    expect(made).toMatchObject({ from: NOW + HOUR / 2, to: NOW + HOUR, by: 'Li', state: 'planned', endedBy: null });
    const { state: _state, ...window } = made;
    expect(recorded).toEqual([{ type: 'change', change: { what: 'maintenance', maintenance: window }, by: 'Li' }]);
    expect(open().list()).toEqual([made]);
    clock.advance(HOUR / 2);
    expect(open().list('running')).toEqual([{ ...made, state: 'running' }]);
    clock.advance(HOUR / 2);
    expect(
      open()
        .list()
        .map(({ state }) => state),
    ).toEqual(['over']);
    expect(open().list('running')).toEqual([]);
  });

  it('begin at once unless they say when, also where the clock of who announces is a little behind', async () => {
    const { desk: open } = await desk();
    expect((await open().announce(WORK, 'Li')).from).toBe(NOW);
    expect((await open().announce({ ...WORK, from: NOW - 60_000 }, 'Li')).from).toBe(NOW);
  });

  it('are ended early as a change of their own, once', async () => {
    const { desk: open, recorded, clock } = await desk();
    const { id } = await open().announce(WORK, 'Li');
    clock.advance(60_000);
    expect(await open().end(id, 'Wu')).toMatchObject({ to: NOW + 60_000, endedBy: 'Wu', by: 'Li', state: 'over' });
    expect(recorded[1]).toMatchObject({ change: { maintenance: { id, to: NOW + 60_000, endedBy: 'Wu' } }, by: 'Wu' });
    expect(open().list()).toHaveLength(1);
    await expect(open().end(id, 'Wu')).rejects.toMatchObject({ code: 'conflict' });
    await expect(open().end('none', 'Wu')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('that are called off before they begin never were', async () => {
    const { desk: open } = await desk();
    const { id } = await open().announce({ ...WORK, from: NOW + HOUR / 2 }, 'Li');
    const { from, to } = await open().end(id, 'Wu');
    expect([from, to]).toEqual([NOW + HOUR / 2, NOW + HOUR / 2]);
  });

  it.each([
    [{ subject: { type: 'device', id: 'LC-9' } }, 'subject.id: no device LC-9 is registered'],
    [{ subject: { type: 'device', id: 'LC-3' } }, 'subject.id: LC-3 is retired'],
    [{ subject: { type: 'parent', id: 'F-11' } }, 'subject.id: no network node F-11 (did you mean F-1?)'],
    [{ subject: { type: 'area', id: 'centr' } }, 'subject.id: no area centr (did you mean centre?)'],
    [{ from: NOW - HOUR }, 'from: it begins now or later: what was judged by now stays judged'],
    [{ to: NOW }, 'to: it ends after it begins, and after now'],
    [{ to: NOW + 400 * 24 * HOUR }, 'to: it lasts for a year at most'],
  ] as const)('%j is refused', async (change, problem) => {
    const { desk: open, recorded } = await desk();
    expect(await problemsOf(open().announce({ ...WORK, ...change }, 'Li'))).toEqual([problem]);
    expect([recorded, open().list()]).toEqual([[], []]);
  });
});
