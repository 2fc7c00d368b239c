import type { Value } from '../../model/sample.ts';

/** Values of one field, report by report; null where the field is missing. */
export interface Series {
  cells: (Value | null)[];
  /** What follows for as long as the test goes on; undefined where nothing does. */
  rest: Value | null | undefined;
}

/** What is wrong with a series, and how far into its text (0-based). */
export interface SeriesFlaw {
  message: string;
  offset: number;
}

/** Reports of one series at most. */
const MOST = 100_000;
const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e-?\d+)?`;
const TOKEN = new RegExp(
  String.raw`^(?:(?<word>_|true|false)|(?<first>${NUMBER})(?:(?<sign>[+-])(?<step>\d+(?:\.\d+)?))?)(?:x(?<times>\d+|\*))?$`,
);
const NOTATION =
  'write 0.3, 0.3x4 (four of it), 0.3x* (to the end), 0.3+0.1x4 (four values, each 0.1 above the last), _ or _x4 (missing), true or false';

/**
 * Reads the compact notation of a series: `0.30x3 0.28-0.02x5 _x2 0.3x*`. `xN` always means N reports in all, of a value, a
 * gap or a ramp; `x*` goes on to the end of the test.
 */
export function readSeries(text: string): Series | SeriesFlaw {
  const cells: Series['cells'] = [];
  let rest: Series['rest'];
  for (const match of text.matchAll(/\S+/g)) {
    const [token, offset] = [match[0], match.index];
    if (rest !== undefined) return { message: `nothing can follow what goes on to the end`, offset };
    const { word, first = '', sign, step, times } = TOKEN.exec(token)?.groups ?? {};
    if (word === undefined && first === '') return { message: `"${token}" is no value: ${NOTATION}`, offset };
    if (times === '*' && step !== undefined) return { message: `"${token}" would never end: say how often`, offset };
    const count = times === undefined ? 1 : Number(times);
    if (times === '0' || cells.length + count > MOST)
      return { message: `"${token}" is ${times === '0' ? 'nothing: leave it out' : 'too much'}`, offset };
    // A ramp without its length is a slip: a lone "1+2" means nothing.
    if (step !== undefined && times === undefined)
      return { message: `"${token}": say how many values, as in ${token}x4`, offset };
    const valueAt = (index: number): Value | null => {
      if (word !== undefined) return word === '_' ? null : word === 'true';
      const ramp = step === undefined ? 0 : Number(`${sign}${step}`) * index;
      // 0.3 - 3 × 0.1 is nought, and neither near it nor below it.
      return Number((Number(first) + ramp).toFixed(9)) + 0;
    };
    if (times === '*') rest = valueAt(0);
    else for (let index = 0; index < count; index++) cells.push(valueAt(index));
  }
  return cells.length === 0 && rest === undefined
    ? { message: `there is no value: ${NOTATION}`, offset: 0 }
    : { cells, rest };
}

/** Whether reading gave a flaw. */
export function isSeriesFlaw(read: Series | SeriesFlaw): read is SeriesFlaw {
  return 'offset' in read;
}
