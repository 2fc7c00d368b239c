import { describe, expect, it } from 'vitest';
import { verdictWord } from '../../src/console/verdict.ts';
import { WORDS } from '../../src/console/words.ts';

describe('a verdict in words', () => {
  it.each([
    ['idle', 'lamp-plan', '按方案不亮', 'off by the lamp plan'],
    ['idle', 'off-schedule', '未按时间表开关灯', 'not switched as published'],
    ['idle', 'maintenance', '维护中', 'maintenance'],
    ['unknown', 'transition', '无法判定 · 开关灯过渡期', 'unknown · lamps being switched'],
    ['ok', 'small-road', '达标 · 小路按灭灯数判定', 'ok · small road, by lamps out'],
    ['breach', null, '不达标', 'breach'],
    ['idle', null, '非照明时段或维护中', 'idle'],
    // A reason that a later service gives, or one that is called like a property of every object.
    ['unknown', 'toString', '无法判定', 'unknown'],
  ] as const)('says why it is %s (%s)', (verdict, reason, zh, en) => {
    expect([verdictWord(WORDS.zh, verdict, reason), verdictWord(WORDS.en, verdict, reason)]).toEqual([zh, en]);
  });
});
