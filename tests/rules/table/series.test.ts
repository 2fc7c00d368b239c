import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSeriesFlaw, readSeries } from '../../../src/rules/table/series.ts';

describe('the notation of a series', () => {
  it.each<[string, unknown[]]>([
    ['0.3', [0.3]],
    ['0.3 0.12', [0.3, 0.12]],
    ['0.3x4', [0.3, 0.3, 0.3, 0.3]],
    ['1+2x3', [1, 3, 5]],
    ['0.3-0.1x4', [0.3, 0.2, 0.1, 0]],
    ['-5+10x2', [-5, 5]],
    ['_ _x2 7', [null, null, null, 7]],
    ['true falsex2', [true, false, false]],
    ['1e-3x1', [0.001]],
  ])('%s', (text, cells) => {
    expect(readSeries(text)).toEqual({ cells, rest: undefined });
  });

  it.each<[string, unknown[], unknown]>([
    ['0.3x*', [], 0.3],
    ['0.3x2 _x*', [0.3, 0.3], null],
    ['true falsex*', [true], false],
  ])('%s goes on to the end', (text, cells, rest) => {
    expect(readSeries(text)).toEqual({ cells, rest });
  });

  it('xN is N reports in all, of a value, a gap and a ramp alike', () => {
    const token = fc.tuple(fc.constantFrom('0.3', '_', '1+2', '5-0.5', 'true'), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 8 }), (tokens) => {
        const read = readSeries(tokens.map(([what, times]) => `${what}x${times}`).join(' '));
        expect(!isSeriesFlaw(read) && read.cells.length).toBe(tokens.reduce((sum, [, times]) => sum + times, 0));
      }),
    );
  });

  it.each([
    ['', 0, 'there is no value'],
    ['0.3 0.3y4', 4, '"0.3y4" is no value: write 0.3, 0.3x4'],
    ['1 1+2', 2, 'say how many values, as in 1+2x4'],
    ['1+2x*', 0, 'would never end'],
    ['1x* 2', 4, 'nothing can follow'],
    ['1x0', 0, 'is nothing: leave it out'],
    ['1x200000', 0, 'too much'],
    ['.5', 0, 'is no value'],
    ['True', 0, 'is no value'],
  ])('%j is refused at letter %i: %s', (text, offset, message) => {
    expect(readSeries(text)).toEqual({ offset, message: expect.stringContaining(message) });
  });
});
