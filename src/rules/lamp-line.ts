import type { Patrol } from '../model/patrol.ts';
import type { MeterReport } from './lamp-meter.ts';
import { type LampCount, stateOf } from './lamp-state.ts';
import type { Circuit } from './lighting.ts';
import type { SupplyTurn } from './outages.ts';
import type { LampReport, Member } from './roster.ts';

/** A circuit from an instant on, ms. */
export interface CircuitTurn extends Circuit {
  at: number;
}

/** All that is known of a device's lamps for a stretch of time, each from its own time on: ascending, instants in ms. */
export interface LampLine {
  /** Its `heard` is that of the instant that is looked at. */
  member: Member;
  lamps: number;
  from: number;
  to: number;
  reports: readonly LampReport[];
  /** What it said before all of these, where that is a word against its node's having no supply. */
  word: LampReport | null;
  meters: readonly MeterReport[];
  patrols: readonly Patrol[];
  /** When it first reported; null when it never did. */
  firstReport: number | null;
}

/** Passes a line in pieces in which nothing changes, in order. Every instant is a whole ms. */
export function pass(
  line: LampLine,
  { circuit, supply }: { circuit: readonly CircuitTurn[]; supply: readonly SupplyTurn[] },
  around: { transition: number; mismatch: number },
  take: (from: number, to: number, count: LampCount) => void,
): void {
  const { member, lamps, from, to, reports, word, meters, patrols, firstReport } = line;
  const { heard, windows } = member;
  const turns = [...reports, ...meters, ...patrols].map(({ ts }) => ts);
  turns.push(...[...circuit, ...supply].map(({ at }) => at), ...windows.flatMap((window) => [window.from, window.to]));
  if (firstReport !== null) turns.push(firstReport);
  const ahead = turns.filter((turn) => turn > from && turn < to).sort((a, b) => a - b);
  let [report, meter, patrol, turned, supplied, next] = [-1, -1, -1, 0, -1, 0];
  for (let at = from; at < to; ) {
    report = newestAt(reports, report, at);
    meter = newestAt(meters, meter, at);
    patrol = newestAt(patrols, patrol, at);
    while ((circuit[turned + 1]?.at ?? Infinity) <= at) turned++;
    while ((supply[supplied + 1]?.at ?? Infinity) <= at) supplied++;
    heard.at = firstReport !== null && firstReport <= at ? firstReport : null;
    heard.lamps = reports[report] ?? word;
    heard.meter = meters[meter] ?? null;
    const found = patrols[patrol];
    if (found !== undefined) heard.patrol = found;
    const state = stateOf(member, lamps, at, {
      ...{ ...around, deadSince: supply[supplied]?.deadSince ?? null, circuit: circuit[turned] ?? DARK },
      isMaintained: windows.some((window) => at >= window.from && at < window.to),
    });
    while ((ahead[next] ?? Infinity) <= at) next++;
    const until = Math.min(to, ahead[next] ?? Infinity, Math.ceil(state.until));
    take(at, until, state.recorded);
    at = until;
  }
}

/** How the circuit of these lines turned from dark to lit and back. */
export function turnsOf(lines: readonly LampLine[]): CircuitTurn[] {
  const reports = lines.flatMap((line) => line.reports.map((report) => ({ line, report })));
  reports.sort((a, b) => a.report.ts - b.report.ts);
  const burning = new Set<string>();
  const turns: CircuitTurn[] = [{ at: -Infinity, ...DARK }];
  let litAt: number | null = null;
  for (const [index, { line, report }] of reports.entries()) {
    const { id } = line.member.device;
    if (report.lit > 0) {
      burning.add(id);
      litAt = report.ts;
    } else burning.delete(id);
    if (reports[index + 1]?.report.ts === report.ts) continue;
    const lit = burning.size > 0 ? 1 : 0;
    if (lit !== turns.at(-1)?.lit) turns.push({ at: report.ts, lit, litAt });
  }
  return turns;
}

const DARK: Circuit = { lit: 0, litAt: null };

/** Index of the last of them that lies at `at` or before; `from` is an index that does. */
function newestAt(instants: readonly { ts: number }[], from: number, at: number): number {
  let index = from;
  while ((instants[index + 1]?.ts ?? Infinity) <= at) index++;
  return index;
}
