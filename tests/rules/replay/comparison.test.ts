import { describe, expect, it } from 'vitest';
import { compareAlerts } from '../../../src/rules/replay/comparison.ts';
import type { FiredAlert } from '../../../src/rules/replay/fired.ts';

const PERIOD = { from: 1_000, to: 10_000, exactFrom: 0, tolerance: 100 };

function alert(
  id: string,
  firedAt: number,
  endedAt: number | null = firedAt + 500,
  more: Partial<FiredAlert> = {},
): FiredAlert {
  return {
    ...{ rule: 'low', subject: { type: 'device', id }, title: { zh: id, en: id }, severity: 'major' },
    ...{ organisation: 'water', startedAt: firedAt - 50, firedAt, endedAt, ...more },
  };
}
const differences = (was: FiredAlert[], would: FiredAlert[], period = PERIOD) =>
  compareAlerts(was, would, period).alerts.map(({ difference, subject, was: one, would: other }) => [
    difference,
    subject.id,
    one,
    other,
  ]);

describe('what another rulebook makes of the alerts that were', () => {
  it('is nothing where they are the same', () => {
    const { total, alerts } = compareAlerts([alert('A', 2_000)], [alert('A', 2_000)], PERIOD);
    expect([total, alerts]).toEqual([{ was: 1, would: 1, fired: 0, missed: 0, earlier: 0, later: 0 }, []]);
  });

  it('is fired, missed, earlier or later', () => {
    const was = [alert('gone', 2_000), alert('sooner', 3_000), alert('later', 4_000)];
    const would = [alert('new', 5_000), alert('sooner', 2_900), alert('later', 4_200)];
    expect(differences(was, would)).toEqual([
      ['missed', 'gone', 2_000, null],
      ['earlier', 'sooner', 3_000, 2_900],
      ['later', 'later', 4_000, 4_200],
      ['fired', 'new', null, 5_000],
    ]);
  });

  it('takes two alerts of one subject for the same only where their times overlap', () => {
    const was = [alert('A', 2_000, 2_100), alert('A', 5_000, null)];
    expect(differences(was, [alert('A', 3_000, 3_100), alert('A', 6_000, null)])).toEqual([
      ['missed', 'A', 2_000, null],
      ['fired', 'A', null, 3_000],
      ['later', 'A', 5_000, 6_000],
    ]);
    const parent = alert('A', 2_000, 2_100, { subject: { type: 'parent', id: 'A' } });
    expect(differences([alert('A', 2_000, 2_100)], [parent])).toHaveLength(2);
    expect(differences([alert('A', 2_000)], [alert('A', 2_000, null, { rule: 'other' })])).toHaveLength(2);
  });

  it('is near enough within the tolerance, where it cannot be exact', () => {
    expect(differences([alert('A', 2_000)], [alert('A', 2_100)])).toHaveLength(1);
    const inexact = { ...PERIOD, exactFrom: 5_000 };
    expect(differences([alert('A', 2_000)], [alert('A', 2_100)], inexact)).toEqual([]);
    expect(differences([alert('A', 2_000)], [alert('A', 2_101)], inexact)).toHaveLength(1);
    expect(differences([alert('A', 6_000)], [alert('A', 6_001)], inexact)).toHaveLength(1);
  });

  it('is asked for alerts that fire in the period: from its beginning, up to its end', () => {
    const at = [999, 1_000, 9_999, 10_000].map((firedAt, index) => alert(`${index}`, firedAt));
    expect(differences([], at).map(([, id]) => id)).toEqual(['1', '2']);
    // One that moves over the edge is there on one side.
    expect(differences([alert('A', 900, 2_000)], [alert('A', 1_100)])).toEqual([['later', 'A', 900, 1_100]]);
  });

  it('counts by severity, organisation and rule, each alert where it is on its side', () => {
    const was = [alert('A', 2_000), alert('B', 3_000)];
    const would = [alert('A', 2_000, 2_500, { severity: 'critical', organisation: 'gas' }), alert('C', 4_000)];
    const { total, bySeverity, byOrganisation, byRule } = compareAlerts(was, would, PERIOD);
    const none = { was: 0, would: 0, fired: 0, missed: 0, earlier: 0, later: 0 };
    expect(total).toEqual({ ...none, was: 2, would: 2, fired: 1, missed: 1 });
    expect(bySeverity).toEqual({
      major: { ...none, was: 2, would: 1, fired: 1, missed: 1 },
      critical: { ...none, would: 1 },
    });
    expect(byOrganisation).toEqual({
      water: { ...none, was: 2, would: 1, fired: 1, missed: 1 },
      gas: { ...none, would: 1 },
    });
    expect(byRule.low).toEqual(total);
  });

  it('lists the first thousand, and says how many more there are', () => {
    const many = Array.from({ length: 1_003 }, (_, index) => alert(`D-${index}`, 2_000 + index));
    const { alerts, more } = compareAlerts([], many, PERIOD);
    expect([alerts.length, alerts[0]?.subject.id, more]).toEqual([1_000, 'D-0', 3]);
  });
});
