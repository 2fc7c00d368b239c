import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../../src/console/api.ts';
import { languageOf } from '../../src/console/language.ts';
import { namesFrom, townName } from '../../src/console/names.ts';
import { stalenessOf } from '../../src/console/staleness.ts';
import { townTime } from '../../src/console/townTime.ts';
import { answersFor } from '../browser/support/fixture-town.ts';

describe('language', () => {
  it('follows the browser, then what was chosen before, then the address', () => {
    expect(languageOf('', null, 'zh-TW')).toBe('zh');
    expect(languageOf('', null, 'de')).toBe('en');
    expect(languageOf('', 'en', 'zh-CN')).toBe('en');
    expect(languageOf('?lang=zh', 'en', 'en-GB')).toBe('zh');
  });
});

describe("the town's time", () => {
  const value = { now: '2026-11-23T12:00:00.000Z', trial: true, speed: 10 };
  const answered = Date.parse(value.now);

  it('goes on at the speed of its clock between two answers', () => {
    expect(townTime({ value, at: 1_000, error: null }, 3_000)).toBe(answered + 20_000);
  });

  it('stands still while the clock cannot be read', () => {
    expect(townTime({ value, at: 1_000, error: new Error('refused') }, 60_000)).toBe(answered);
  });

  it('is unknown until it was read', () => {
    expect(townTime({ value: null, at: null, error: null }, 1_000)).toBeNull();
  });
});

describe('staleness', () => {
  const fine = { at: 5_000, error: null };
  const refused = { at: 3_000, error: new ApiFailure(503, 'history down') };
  const unanswered = { at: 4_000, error: new ApiFailure(null, 'fetch failed') };

  it('names the parts that failed while others answer', () => {
    const staleness = stalenessOf({ ready: fine, pressures: refused, ledger: fine });
    expect(staleness).toMatchObject({ offline: false, lastAt: 5_000, failed: [{ part: 'pressures' }] });
  });

  it('calls the service offline when it gives no word on itself', () => {
    expect(stalenessOf({ ready: unanswered, ledger: fine }).offline).toBe(true);
    expect(stalenessOf({ ready: refused, ledger: fine }).offline).toBe(false);
  });
});

describe('names', () => {
  const { devices, areas, organisations, kinds, rates } = answersFor('night');
  const names = namesFrom({ devices, areas, organisations, kinds, feeders: rates.feeder });

  it('finds devices, areas, feeders, organisations and fields', () => {
    expect(names.subject({ type: 'device', id: 'WP-0001' })?.zh).toBe('来龙配水厂出水口');
    expect(names.subject({ type: 'area', id: 'bailuhu' })?.en).toBe('Bailu Lake');
    expect(names.subject({ type: 'parent', id: 'F-001' })?.zh).toBe('集镇区回路1');
    expect(names.organisation('water-company')?.zh).toBe('水投集团');
    expect(names.figure('leak')?.unit).toBe('%LEL');
    expect(townName(areas)?.zh).toBe('来龙镇');
  });

  it('has none for an id that no list knows, nor before the lists are read', () => {
    expect(names.subject({ type: 'road', id: 'nowhere' })).toBeNull();
    const unread = namesFrom({ devices: null, areas: null, organisations: null, kinds: null, feeders: null });
    expect(unread.device('WP-0001')).toBeNull();
    expect(townName(null)).toBeNull();
  });
});
