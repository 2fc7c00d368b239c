import { join } from 'node:path';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';
import { beforeAll, describe, expect, it } from 'vitest';
import { committedBoards, panelsOf, type Shown } from './support/grafana.ts';

const boards = [...committedBoards()];
let ajv: Ajv;
/** By place in the schema. */
const validators = new Map<string, ValidateFunction | 'nowhere'>();

beforeAll(() => {
  const path = join(import.meta.dirname, 'support/shapes.ts');
  const tsconfig = join(import.meta.dirname, '../tsconfig.json');
  const generator = createGenerator({
    path,
    tsconfig,
    type: 'Shapes',
    expose: 'none',
    topRef: false,
    skipTypeCheck: true,
  });
  ajv = new Ajv({ allErrors: true, strict: false });
  ajv.addSchema(generator.createSchema('Shapes') as AnySchema, 'shapes');
});

describe.each(boards)('%s', (_file, board) => {
  it('fits the types of Grafana’s SDK, every panel those of its sort', () => {
    expect(flaws(board)).toEqual([]);
  });
});

describe('a board would not fit', () => {
  const [, board] = boards.find(([file]) => file === 'en/water.json') ?? boards[0] ?? [];
  const panel = (type: string, spoilt: Dashboard) =>
    panelsOf(spoilt).find((candidate) => candidate.type === type) as Shown;
  it.each<[string, (spoilt: Dashboard) => void]>([
    ['an unknown key', (spoilt) => Object.assign(spoilt, { refrsh: '1m' })],
    ['a key of the wrong type', (spoilt) => Object.assign(spoilt, { refresh: 60 })],
    ['a variable of no known type', (spoilt) => Object.assign(spoilt.templating.list?.[0] ?? {}, { type: 'querry' })],
    ['a panel without a number', (spoilt) => Reflect.deleteProperty(panel('stat', spoilt), 'id')],
    ['a sort of panel that nobody described', (spoilt) => Object.assign(panel('stat', spoilt), { type: 'pie' })],
    ['another sort’s options', (spoilt) => Object.assign(panel('stat', spoilt).options, { cellHeight: 'sm' })],
    ['a query without its text', (spoilt) => Reflect.deleteProperty(panel('table', spoilt).targets[0] ?? {}, 'query')],
    [
      'a drawing that there is not',
      (spoilt) => Object.assign(panel('timeseries', spoilt).fieldConfig?.defaults.custom, { drawStyle: 'curve' }),
    ],
    ['an override of nothing', (spoilt) => override(panel('table', spoilt), { id: 'displayname', value: 'x' })],
    [
      'an override of another sort’s',
      (spoilt) => override(panel('table', spoilt), { id: 'custom.lineWidth', value: 1 }),
    ],
    [
      'an override by a wrong value',
      (spoilt) => override(panel('table', spoilt), { id: 'custom.width', value: 'wide' }),
    ],
  ])('with %s', (_what, spoil) => {
    const spoilt = structuredClone(board) as Dashboard;
    spoil(spoilt);
    expect(flaws(spoilt)).not.toEqual([]);
  });
});

function override(panel: Shown, property: { id: string; value: unknown }): void {
  panel.fieldConfig?.overrides[0]?.properties.push(property);
}

function flaws({ panels = [], ...board }: Dashboard): string[] {
  return [
    ...flawsOf('the board', 'board', board),
    ...panels.flatMap((panel) => {
      if (panel.type !== 'row' || !('panels' in panel)) return flawsOfPanel(panel as Panel);
      const { panels: inside, ...row } = panel;
      return [...flawsOf(`row ${row.title}`, 'row', row), ...inside.flatMap(flawsOfPanel)];
    }),
  ];
}

function flawsOfPanel(panel: Panel): string[] {
  const { title, type, fieldConfig } = panel;
  const properties = (fieldConfig?.overrides ?? []).flatMap((override) => override.properties);
  return [
    ...flawsOf(`${title}`, `panels/properties/${type}`, panel),
    ...properties.flatMap(({ id, value }) => {
      const custom = /^custom\.(.*)$/.exec(id)?.[1];
      const place = custom === undefined ? `all/properties/${id}` : `${type}/properties/${custom}`;
      return flawsOf(`${title}: ${id}`, `fields/properties/${place}`, value);
    }),
  ];
}

function flawsOf(what: string, place: string, value: unknown): string[] {
  const known = validators.get(place) ?? validatorOf(place);
  validators.set(place, known);
  if (known === 'nowhere') return [`${what}: there is no ${place}`];
  if (known(value)) return [];
  return (known.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath} ${message}`);
}

function validatorOf(place: string): ValidateFunction | 'nowhere' {
  try {
    return ajv.compile({ $ref: `shapes#/properties/${place}` });
  } catch {
    return 'nowhere';
  }
}
