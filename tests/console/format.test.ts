import { describe, expect, it } from 'vitest';
import {
  bytes,
  count,
  duration,
  fullDate,
  measure,
  moment,
  percent,
  timeOfDay,
  wholePercent,
} from '../../src/console/format.ts';
import { WORDS } from '../../src/console/words.ts';

const ZONE = 'Asia/Shanghai';
const at = (text: string) => Date.parse(text);
/** With ordinary spaces, so that the figures below can be read. */
const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('rates', () => {
  it('never rounds a rate up over the target it misses', () => {
    expect(plain(percent(0.96999))).toBe('96.99 %');
    expect(plain(percent(0.97))).toBe('97.00 %');
  });

  it('keeps two decimals that are there, in spite of binary fractions', () => {
    expect(plain(percent(0.57))).toBe('57.00 %');
    expect(plain(percent(0.9767))).toBe('97.67 %');
    expect(plain(percent(1))).toBe('100.00 %');
  });

  it('shows a target without decimals it does not have', () => {
    expect(plain(wholePercent(0.97))).toBe('97 %');
    expect(plain(wholePercent(0.975))).toBe('97.5 %');
  });
});

describe('figures', () => {
  it('groups thousands and joins a unit', () => {
    expect(count(1_204_500)).toBe('1,204,500');
    expect(plain(measure(0.3124, 'MPa'))).toBe('0.312 MPa');
    expect(measure(28)).toBe('28');
  });

  it('shows bytes in the unit that fits', () => {
    expect([0, 900, 73_400_320, 8_589_934_592, 1_610_612_736].map((n) => plain(bytes(n)))).toEqual([
      '0 B',
      '900 B',
      '70 MiB',
      '8 GiB',
      '1.5 GiB',
    ]);
  });
});

describe('times', () => {
  it('shows a span in its two largest units', () => {
    const spans = [4_999, 61_000, 3_600_000, 5_700_000, 90_000_000];
    expect(spans.map((ms) => duration(ms, WORDS.en))).toEqual(['4 s', '1 min', '1 h', '1 h 35 min', '1 d 1 h']);
    expect(duration(5_700_000, WORDS.zh)).toBe('1 小时 35 分钟');
  });

  it('takes a span below zero as none', () => {
    expect(duration(-5_000, WORDS.en)).toBe('0 s');
  });

  it("tells the time of the town's zone, midnight as 00", () => {
    expect(timeOfDay(at('2026-11-23T16:00:05Z'), ZONE)).toBe('00:00:05');
    expect(fullDate(at('2026-11-23T16:00:05Z'), ZONE, 'en')).toContain('24 November 2026');
    expect(fullDate(at('2026-11-23T16:00:05Z'), ZONE, 'zh')).toBe('2026年11月24日星期二');
  });

  it('puts the date before a time of another day', () => {
    const now = at('2026-11-23T20:31:05+08:00');
    expect(moment(at('2026-11-23T00:05:00+08:00'), now, ZONE)).toBe('00:05');
    expect(moment(at('2026-11-22T23:55:00+08:00'), now, ZONE)).toBe('11-22 23:55');
  });
});
