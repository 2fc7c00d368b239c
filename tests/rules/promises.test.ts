import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Device } from '../../src/model/device.ts';
import type { Maintenance } from '../../src/model/maintenance.ts';
import type { JournalRecord, SampleRecord } from '../../src/model/record.ts';
import type { Transition } from '../../src/model/transition.ts';
import { Engine } from '../../src/rules/engine.ts';
import { ratesOf } from '../../src/rules/lamp-rate.ts';
import { subjectOf } from '../../src/rules/ratio.ts';
import { journals } from './support/journals.ts';
import { KINDS } from './support/town.ts';

/** Many journals take their time where others use the machine too. */
const MANY = { timeout: 60_000 };

/** Feeds a journal to a fresh engine; `see` is shown each record with what it decided, as soon as it has. */
function walk(
  records: readonly JournalRecord[],
  see: (record: JournalRecord, decided: readonly Transition[], engine: Engine) => void = () => {},
): Transition[] {
  const all: Transition[] = [];
  const engine = new Engine(KINDS, (transition) => all.push(transition));
  for (const record of records) {
    const before = all.length;
    engine.feed(record);
    see(record, all.slice(before), engine);
  }
  return all;
}

describe("P7: the engine's only input is the journal", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it(
    'replaying a journal gives the same transitions byte for byte, at any hour, in any zone, by any chance',
    MANY,
    () => {
      fc.assert(
        fc.property(journals, (records) => {
          const first = JSON.stringify(walk(records));
          vi.useFakeTimers({ now: Date.UTC(2031, 5, 1, 12) });
          vi.stubEnv('TZ', 'America/Caracas');
          vi.spyOn(Math, 'random').mockReturnValue(0.25);
          const again = JSON.stringify(walk(structuredClone(records)));
          vi.useRealTimers();
          vi.unstubAllEnvs();
          vi.restoreAllMocks();
          expect(again).toBe(first);
        }),
        { numRuns: 30 },
      );
    },
  );

  it('reads the records and leaves them as they are', MANY, () => {
    fc.assert(
      fc.property(journals, (records) => {
        const before = JSON.stringify(records);
        walk(records);
        expect(JSON.stringify(records)).toBe(before);
      }),
      { numRuns: 20 },
    );
  });
});

/** What the thresholds of the random journals ask for to clear, written once more without CEL. */
const CLEARS: Record<string, (values: Record<string, unknown>, limit: number) => boolean> = {
  'feeder-supply': ({ voltage }) => typeof voltage === 'number' && voltage >= 50,
  'low-pressure': ({ pressure }, limit) => typeof pressure === 'number' && pressure > limit + 0.01,
  'low-by-day': ({ pressure }) => typeof pressure === 'number' && pressure >= 0.14,
  leak: ({ leak }) => typeof leak === 'number' && leak < 20,
};

/** Rules of the random journals that follow one field of a device. */
const FOLLOWED: readonly string[] = ['burst', 'stuck', 'tilted', 'backwards'];

/** What a test remembers of a journal, to judge beside the engine. */
class Memory {
  readonly devices = new Map<string, Device>();
  readonly heardAt = new Map<string, number>();
  readonly newest = new Map<string, number>();
  readonly windows = new Map<string, Maintenance>();
  readonly begun = new Map<string, Extract<Transition, { step: 'begun' }>>();

  take(record: JournalRecord): void {
    if (record.type === 'change' && record.change.what === 'device')
      this.devices.set(record.change.device.id, record.change.device);
    if (record.type === 'change' && record.change.what === 'maintenance')
      this.windows.set(record.change.maintenance.id, record.change.maintenance);
    if (record.type !== 'sample') return;
    const { device, ts } = record.sample;
    this.heardAt.set(device, record.at);
    this.newest.set(device, Math.max(ts, this.newest.get(device) ?? ts));
  }

  isInService(id: string, at: number): boolean {
    const { inService, retiredAt, area, parent, gateway } = this.devices.get(id) as Device;
    const covering = [id, area, parent, gateway];
    for (const { subject, from, to } of this.windows.values())
      if (covering.includes(subject.id) && at >= from && at < to) return false;
    return this.#isInService({ inService, retiredAt }, at);
  }

  #isInService({ inService, retiredAt }: Pick<Device, 'inService' | 'retiredAt'>, at: number): boolean {
    if (retiredAt !== null) return false;
    if (inService === 'always' || inService === 'auto') return true;
    return (inService.from === null || at >= inService.from) && (inService.to === null || at < inService.to);
  }

  /** Whether this is a sample of a device that an alert is about, in service, and no older than any before. */
  isOwnSample(subject: string, { sample }: SampleRecord): boolean {
    const device = this.devices.get(sample.device) as Device;
    if (subject !== device.id && subject !== device.parent) return false;
    return sample.ts >= (this.newest.get(device.id) ?? sample.ts) && this.isInService(device.id, sample.ts);
  }

  /** Whether this record may end an alert of a threshold: a sample of its own that says so. */
  isOkSample(rule: string, subject: string, record: SampleRecord): boolean {
    const { device, values } = record.sample;
    const limit = Number(this.devices.get(device)?.attributes.minPressure);
    return this.isOwnSample(subject, record) && CLEARS[rule]?.(values, limit) === true;
  }
}

describe('P8: only ok resolves', () => {
  it('no alert is ever resolved while its verdict is silent, unknown or idle', MANY, () => {
    let resolved = 0;
    fc.assert(
      fc.property(journals, (records) => {
        const memory = new Memory();
        walk(records, (record, decided, { counts }) => {
          memory.take(record);
          for (const transition of decided) {
            if (transition.step === 'begun') memory.begun.set(transition.alert, transition);
            if (transition.step !== 'resolved') continue;
            resolved++;
            const { rule, subject, startedAt } = memory.begun.get(transition.alert) as NonNullable<
              ReturnType<typeof memory.begun.get>
            >;
            expect(transition.verdict).toBe('ok');
            if (rule in CLEARS) {
              expect(record.type === 'sample' && memory.isOkSample(rule, subject.id, record)).toBe(true);
            } else if (FOLLOWED.includes(rule)) {
              expect(record.type === 'sample' && memory.isOwnSample(subject.id, record)).toBe(true);
            } else if (rule.endsWith('silent')) {
              expect(record.type).toBe('tick');
              expect(memory.heardAt.get(subject.id)).toBeGreaterThan(startedAt);
              expect(memory.isInService(subject.id, record.at)).toBe(true);
            } else {
              expect(record.type).toBe('tick');
              const count = counts.find((one) => JSON.stringify(subjectOf(one)) === JSON.stringify(subject));
              const { low, high } = ratesOf(count ?? { expected: 0, lit: 0, out: 0, unknown: 0 });
              if (rule === 'rate') expect(low).toBeGreaterThanOrEqual(0.95);
              else expect(low !== null && high !== null && (low >= 0.9 || high < 0.9)).toBe(true);
            }
          }
        });
      }),
      { numRuns: 60 },
    );
    // Otherwise it would have looked at nothing.
    expect(resolved).toBeGreaterThan(40);
  });
});

describe('P9: one open alert per rule and subject', () => {
  it(
    'every alert begins once, goes its way step by step, and shares its rule and subject with none that is running',
    MANY,
    () => {
      const next: Record<string, readonly string[]> = {
        begun: ['held', 'fired', 'vanished'],
        held: ['held', 'fired', 'vanished'],
        fired: ['resolved', 'closed'],
        resolved: [],
        closed: [],
        vanished: [],
      };
      fc.assert(
        fc.property(journals, (records) => {
          const at = new Map<string, string>();
          const running = new Map<string, string>();
          let arrival = 0;
          for (const transition of walk(records)) {
            const { alert, step } = transition;
            expect(transition.at).toBeGreaterThanOrEqual(arrival);
            arrival = transition.at;
            if (step === 'begun') {
              expect(at.get(alert) ?? 'vanished').toBe('vanished');
              const key = `${transition.rule} ${JSON.stringify(transition.subject)}`;
              expect(running.get(key)).toBeUndefined();
              running.set(key, alert);
            } else if (step === 'calmed') {
              expect(['fired', 'resolved']).toContain(at.get(alert));
              continue;
            } else if (step === 'graded') {
              expect(['begun', 'held', 'fired']).toContain(at.get(alert));
              continue;
            } else expect(next[at.get(alert) ?? '']).toContain(step);
            at.set(alert, step);
            if (next[step]?.length === 0) for (const [key, one] of running) if (one === alert) running.delete(key);
          }
        }),
        { numRuns: 30 },
      );
    },
  );
});
