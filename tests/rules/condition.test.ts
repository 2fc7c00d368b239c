import { describe, expect, it } from 'vitest';
import type { Device } from '../../src/model/device.ts';
import type { Value } from '../../src/model/sample.ts';
import { type Condition, Conditions, isFlaw } from '../../src/rules/condition.ts';
import { KINDS } from './support/town.ts';

function compiled(kind: string, text: string): Condition {
  const condition = new Conditions(KINDS.get(kind) as NonNullable<ReturnType<typeof KINDS.get>>).compile(text);
  if (isFlaw(condition)) throw new Error(condition.message);
  return condition;
}

function holds(text: string, values: Record<string, Value>, attributes: Device['attributes'] = {}): boolean | null {
  return compiled('water-pressure', text).holds(values, attributes);
}

describe('a condition', () => {
  it.each<[string, Record<string, Value>, Device['attributes'], boolean | null]>([
    ['pressure < 0.14', { pressure: 0.1 }, {}, true],
    ['pressure < 0.14', { pressure: 0.14 }, {}, false],
    ['pressure < 0.14', { battery: 9 }, {}, null],
    ['pressure < 0.14 || battery < 10', { pressure: 0.1 }, {}, true],
    ['battery < 10 || pressure < 0.14', { pressure: 0.1 }, {}, true],
    ['battery < 10 || pressure < 0.14', { pressure: 0.2 }, {}, null],
    ['battery < 10 && pressure < 0.14', { pressure: 0.2 }, {}, false],
    ['pressure < 0.14 && battery < 10', { pressure: 0.1 }, {}, null],
    ['!(battery < 10 || pressure < 0.14)', { pressure: 0.1 }, {}, false],
    ['pressure < 0.14 ? pressure < 0.1 : flow > 3.0', { pressure: 0.12 }, {}, false],
    ['pressure < 0.14 ? pressure < 0.1 : flow > 3.0', { pressure: 0.2 }, {}, null],
    ['pressure < attributes.minPressure', { pressure: 0.1 }, { minPressure: 0.2 }, true],
    ['pressure < attributes.minPressure', { pressure: 0.1 }, {}, null],
    ["pressure < attributes['minPressure']", { pressure: 0.1 }, {}, null],
    ['pressure < attributes.minPressure + 0.01', { pressure: 0.205 }, { minPressure: 0.2 }, true],
    ['attributes.role == "end" && pressure < 0.14', { pressure: 0.1 }, { role: 'end' }, true],
    ['attributes.role == "end" && pressure < 0.14', { pressure: 0.1 }, { role: 'trunk' }, false],
    ['[pressure, flow].exists(v, v < 0.0)', { pressure: 0.1, flow: -3 }, {}, true],
    ['[pressure, flow].exists(v, v < 0.0)', { pressure: 0.1 }, {}, null],
    ['[1.0, 2.0][int(pressure)] > 1.5', { pressure: 1 }, {}, true],
  ])('%s of %j with %j: %j', (text, values, attributes, expected) => {
    expect(holds(text, values, attributes)).toBe(expected);
  });

  it('says nothing of a sample that it cannot be worked out for', () => {
    expect(holds('[1.0, 2.0][int(pressure)] > 1.5', { pressure: 2 })).toBeNull();
  });

  it('takes no field that is missing from the sample before it', () => {
    const either = compiled('water-pressure', 'flow > 3.0 || pressure < 0.1');
    const samples = [{ flow: 5, pressure: 0.2 }, { pressure: 0.2 }, { pressure: 0.05 }, { flow: 1 }, { flow: 4 }];
    expect(samples.map((values) => either.holds(values, {}))).toEqual([true, null, true, null, true]);
  });

  it('knows switches as well as numbers', () => {
    const open = compiled('gas-meter', 'tamper && !valveOpen');
    expect(open.holds({ tamper: true, valveOpen: false }, {})).toBe(true);
    expect(open.holds({ tamper: true, valveOpen: true }, {})).toBe(false);
  });

  it.each<[string, Record<string, Value>, Device['attributes'], string]>([
    ['pressure < attributes.minPressure', { pressure: 0.12 }, { minPressure: 0.14 }, '0.12 < 0.14'],
    ['pressure<attributes["minPressure"] + 0.01', { pressure: 0.1 + 0.2 }, {}, '0.3<? + 0.01'],
    ['attributes.role == "end" && pressure < 0.14', {}, { role: 'end' }, '"end" == "end" && ? < 0.14'],
    ['[pressure, flow].exists(v, v < 0.0)', { pressure: 1, flow: -2 }, {}, '[1, -2].exists(v, v < 0.0)'],
  ])('%s with its figures filled in', (text, values, attributes, shown) => {
    expect(compiled('water-pressure', text).figures(values, attributes)).toBe(shown);
  });

  it('says which fields and attributes it asks for', () => {
    const { fields, attributes } = compiled(
      'water-pressure',
      'pressure < attributes.minPressure && [battery].all(v, v > 3.0) && attributes["role"] == "end"',
    );
    expect([fields, attributes]).toEqual([
      ['pressure', 'battery'],
      ['minPressure', 'role'],
    ]);
  });
});
