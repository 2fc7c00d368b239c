import { Kind, type Kinds } from '../../src/model/kind.ts';
import { Town } from '../../src/model/town.ts';

const name = { zh: '名', en: 'name' };

/** Two small kinds, for tests that need no more. */
export const SMALL_KINDS: Kinds = new Map(
  [
    Kind.parse({
      id: 'water-pressure',
      name,
      reportInterval: 300,
      fields: {
        pressure: { type: 'number', unit: 'MPa', range: [0, 2.5], name },
        battery: { type: 'number', unit: '%', range: [0, 100], name },
      },
      attributes: {
        minPressure: { type: 'number', unit: 'MPa', name },
        role: { type: 'string', values: ['outlet', 'trunk', 'end'], name },
      },
    }),
    Kind.parse({
      id: 'lighting-controller',
      name,
      reportInterval: 300,
      fields: {
        lampsLit: { type: 'number', range: [0, 1000], name },
        voltage: { type: 'number', unit: 'V', range: [0, 480], name },
      },
      attributes: { lamps: { type: 'number', name } },
    }),
  ].map((kind) => [kind.id, kind]),
);

/** A town with one village, for tests that need no more. */
export const SMALL_TOWN: Town = Town.parse({
  id: 'lailong',
  name,
  timeZone: 'Asia/Shanghai',
  location: [118.4, 33.9],
  organisations: [
    { id: 'urban-management', name },
    { id: 'water-company', name },
  ],
  areas: [
    { id: 'lailong', name, level: 'town', parent: null },
    { id: 'village', name, level: 'village', parent: 'lailong' },
  ],
  roads: [{ id: 'main-road', name, class: 'main' }],
  network: [{ id: 'F-1', type: 'feeder', name }],
});
