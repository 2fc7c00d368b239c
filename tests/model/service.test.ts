import { expect, it } from 'vitest';
import { SERVICE, type ServiceParts, serviceState } from '../../src/model/service.ts';

const MIB = 1024 ** 2;
const BOUNDS = { journal: { maxBytes: 200 * MIB }, disk: { floor: 512 * MIB } };
const PARTS: ServiceParts = {
  history: { progress: () => ({ cursor: 7 }) },
  lagSeconds: () => 2.4,
  journal: { bytesFrom: (offset) => offset * 3 * MIB, liveBytes: () => 159.9 * MIB },
  store: { writable: () => 500 * MIB },
  letters: { purgedLately: (now) => now },
};

it('how the service does is told in the units that rules ask for', () => {
  expect(serviceState(BOUNDS, PARTS, 2_400)).toEqual({
    ...{ historyLag: 2, backlog: 21, journalFull: 79, diskHeadroom: -12, lettersPurged: 2_400 },
  });
});

it('every figure of it is one that rules may ask for', () => {
  expect(Object.keys(serviceState(BOUNDS, PARTS, 0)).sort()).toEqual(Object.keys(SERVICE.fields).sort());
});
