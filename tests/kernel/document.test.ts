import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readDocument } from '../../src/kernel/document.ts';

const Lamp = z.strictObject({
  lamps: z.array(z.strictObject({ id: z.string(), plan: z.enum(['all-night', 'half-night']), watts: z.number() })),
});

/** Each level is nine times the one before. */
function bomb(levels: number): string {
  const line = (level: number) => `a${level}: &a${level} [${Array(9).fill(level === 0 ? 'x' : `*a${level - 1}`)}]\n`;
  return Array.from({ length: levels }, (_, level) => line(level)).join('');
}

describe('reading a YAML document by its schema', () => {
  it('names every problem with line and column', () => {
    const text =
      'lamps:\n  - id: a\n    plan: all-nihgt\n    watts: 40\n  - id: b\n    plan: half-night\n    watts: many\n    colour: warm\n';
    const document = readDocument(text, 'lamps.yaml', Lamp);
    expect(document.ok ? [] : document.problems).toEqual([
      { path: 'lamps.yaml:3:11', message: 'lamps.0.plan: "all-nihgt" is not known (did you mean all-night?)' },
      { path: 'lamps.yaml:7:12', message: expect.stringContaining('lamps.1.watts: ') },
      { path: 'lamps.yaml:8:13', message: 'lamps.1: unknown key "colour"' },
    ]);
  });

  it('places a broken text', () => {
    const document = readDocument('lamps: [\n', 'lamps.yaml', Lamp);
    expect(document.ok ? [] : document.problems.map(({ path }) => path)).toEqual(['lamps.yaml:2:1']);
  });

  it.each([
    ['lamps: [*a]\n', 'f.yaml:1:9', '*a stands for nothing: there is no &a before it'],
    ['lamps: [*a, &a {}]\n', 'f.yaml:1:9', '*a stands for nothing'],
    ['lamps: &a\n  - *a\n', 'f.yaml:2:5', '*a is a part of itself'],
    [bomb(9), 'f.yaml:1:1', 'the aliases (*name) stand for far more than is written'],
  ])('says what is wrong with an alias: %j', (text, path, message) => {
    const document = readDocument(text, 'f.yaml', z.unknown());
    expect(document.ok ? [] : document.problems).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it('takes an alias that stands for what was written before', () => {
    const text =
      'lamps:\n  - &a { id: a, plan: all-night, watts: &w 40 }\n  - *a\n  - { id: b, plan: half-night, watts: *w }\n';
    const document = readDocument(text, 'f.yaml', Lamp);
    expect(document.ok && document.value.lamps.map(({ id, watts }) => [id, watts])).toEqual([
      ['a', 40],
      ['a', 40],
      ['b', 40],
    ]);
  });

  it('locates a value of a good document', () => {
    const document = readDocument('lamps:\n  - { id: a, plan: all-night, watts: 40 }\n', 'f.yaml', Lamp);
    expect(document.ok && document.locate.at(['lamps', 0, 'watts'])).toBe('f.yaml:2:38');
    expect(document.ok && document.locate.at(['lamps', 7])).toBe('f.yaml:2:3');
  });
});
