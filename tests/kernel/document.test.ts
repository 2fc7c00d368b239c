import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readDocument } from '../../src/kernel/document.ts';

const Lamp = z.strictObject({
  lamps: z.array(z.strictObject({ id: z.string(), plan: z.enum(['all-night', 'half-night']), watts: z.number() })),
});

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

  it('locates a value of a good document', () => {
    const document = readDocument('lamps:\n  - { id: a, plan: all-night, watts: 40 }\n', 'f.yaml', Lamp);
    expect(document.ok && document.locate.at(['lamps', 0, 'watts'])).toBe('f.yaml:2:38');
    expect(document.ok && document.locate.at(['lamps', 7])).toBe('f.yaml:2:3');
  });
});
