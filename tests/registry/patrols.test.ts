import { describe, expect, it } from 'vitest';
import { TrialClock } from '../../src/kernel/clock.ts';
import type { Device } from '../../src/model/device.ts';
import { PatrolInput } from '../../src/model/patrol.ts';
import type { Change } from '../../src/model/record.ts';
import { applyDefaults } from '../../src/registry/check.ts';
import { Patrols } from '../../src/registry/patrols.ts';
import { SMALL_KINDS } from '../support/kinds.ts';

const NOW = Date.parse('2026-01-15T21:00:00+08:00');
const lamp = (id: string, more: Partial<Device> = {}): Device => ({
  ...applyDefaults({ id, kind: 'lighting-controller', area: 'village', organisation: 'urban-management' }, SMALL_KINDS),
  ...{ attributes: { lamps: 4 }, ...more },
});
const DEVICES = [lamp('LC-1'), lamp('LC-2', { attributes: {} }), lamp('LC-3', { retiredAt: 5 })];

function taking(...findings: object[]) {
  const recorded: { change: Change; by: string }[] = [];
  const journal = {
    append: async (records: readonly { change: Change; by: string }[]) => void recorded.push(...records),
  };
  const devices = { find: (id: string) => DEVICES.find((device) => device.id === id) };
  const read = findings.map((finding) =>
    PatrolInput.parse({ device: 'LC-1', ts: '2026-01-15T20:10:00+08:00', lit: 3, by: 'Wang', ...finding }),
  );
  return { taken: new Patrols(devices, journal, new TrialClock(NOW)).take(read, 'admin'), recorded };
}

describe('what a patrol found', () => {
  it('is a change in the journal, by who handed it in', async () => {
    const { taken, recorded } = taking({}, { lit: true, validFor: '7d' }, { lit: false });
    const patrol = { device: 'LC-1', ts: Date.parse('2026-01-15T12:10:00Z'), lit: 3, by: 'Wang', validFor: 86_400_000 };
    expect(await taken).toEqual([patrol, { ...patrol, lit: 4, validFor: 604_800_000 }, { ...patrol, lit: 0 }]);
    expect(recorded).toEqual(
      (await taken).map((one) => ({ type: 'change', change: { what: 'patrol', patrol: one }, by: 'admin' })),
    );
  });

  it.each([
    [{ device: 'LC-9' }, 'device: no device LC-9 is registered'],
    [{ device: 'LC-2' }, 'device: LC-2 has no lamps in the registry (attributes.lamps)'],
    [{ device: 'LC-3' }, 'device: LC-3 is retired'],
    [{ lit: 5 }, 'lit: LC-1 has 4 lamp(s) in the registry'],
    [{ ts: '2026-01-15T21:06:00+08:00' }, 'ts: 2026-01-15T21:06:00+08:00 lies in the future'],
    [{ ts: '2025-12-16T20:59:00+08:00' }, 'ts: 2025-12-16T20:59:00+08:00 is more than 30 days ago'],
  ])('%j is refused, and what was right beside it is not taken either', async (finding, problem) => {
    const { taken, recorded } = taking({}, finding);
    const error: { problems: { path: string; message: string }[] } = await taken.then(
      () => expect.unreachable(),
      (caught) => caught,
    );
    expect(error).toMatchObject({ code: 'invalid' });
    expect(error.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([`1.${problem}`]);
    expect(recorded).toEqual([]);
  });

  it.each([
    { lit: -1 },
    { lit: 'yes' },
    { ts: '2026-01-15 20:10' },
    { ts: '2026-01-15T20:10:00' },
    { by: ' ' },
    { validFor: '0s' },
    { validFor: '32d' },
    { note: 'x' },
  ])('%j is no finding', (finding) => {
    expect(() => taking(finding)).toThrow();
  });
});
