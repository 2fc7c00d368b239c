import type { Subject } from '../../model/alert.ts';
import type { Kinds } from '../../model/kind.ts';
import { instant, type Name } from '../../model/primitives.ts';
import type { Difference, DifferentAlert, Tally } from './comparison.ts';
import { type ReplayResult, type ReplaySources, replayPeriod } from './replay.ts';
import { type ReplayJob, Replays } from './replays.ts';
import { type GivenRulebook, PAST_TICK } from './run.ts';

/** A job as others see it: instants in RFC 3339. */
export interface ShownReplay {
  id: string;
  state: ReplayJob['state'];
  progress: number;
  from: string;
  to: string;
  /** `sha256:…` of the rulebook; null where those that were in force were replayed. */
  rulebook: string | null;
  error: string | null;
  result: ShownResult | null;
}

/** What came of a replay, as others see it. */
export interface ShownResult {
  exactFrom: string | null;
  notes: Name[];
  samples: number;
  total: Tally;
  bySeverity: Record<string, Tally>;
  byOrganisation: Record<string, Tally>;
  byRule: Record<string, Tally>;
  alerts: {
    difference: Difference;
    rule: string;
    subject: Subject;
    title: Name;
    severity: DifferentAlert['severity'];
    organisation: string;
    was: string | null;
    would: string | null;
  }[];
  more: number;
}

/** The replays of a service, as others ask for them; `read` gives the rulebook that a text is, or throws what is wrong. */
export function replaysOf(sources: ReplaySources, kinds: Kinds, read: (text: string) => GivenRulebook) {
  const replays = new Replays((request, watch) => replayPeriod(request, sources, kinds, watch));
  const shown = (job: ReplayJob | undefined) => (job === undefined ? undefined : shownReplay(job));
  return {
    start: ({ from, to, text }: { from: number; to: number; text: string | null }): ShownReplay => {
      const book = text === null ? null : read(text);
      const rulebook = book === null ? null : { text: book.text, version: book.version };
      return shownReplay(replays.start({ from, to, rulebook }));
    },
    find: (id: string) => shown(replays.find(id)),
    cancel: async (id: string) => shown(await replays.cancel(id)),
    stop: () => replays.stop(),
  };
}

/** A job as others see it. */
export function shownReplay({ id, state, progress, request, error, result }: ReplayJob): ShownReplay {
  return {
    ...{ id, state, progress, from: instant(request.from), to: instant(request.to) },
    ...{ rulebook: request.rulebook?.version ?? null, error },
    result: result === null ? null : shownResult(result, request.from),
  };
}

/** What came of a replay from `from` (ms) on, as others see it. */
export function shownResult({ exactFrom, alerts, ...rest }: ReplayResult, from: number): ShownResult {
  const ms = (at: number | null) => (at === null ? null : instant(at));
  const shown = alerts.map(({ was, would, ...alert }) => ({ ...alert, was: ms(was), would: ms(would) }));
  return { exactFrom: ms(exactFrom), notes: notesOn(exactFrom, from), ...rest, alerts: shown };
}

/** What is to be said of how near a replay comes to what was. */
function notesOn(exactFrom: number | null, from: number): Name[] {
  if (exactFrom === from) return [];
  const until = exactFrom === null ? null : instant(exactFrom);
  const seconds = PAST_TICK / 1_000;
  return [
    {
      zh: `${until === null ? '该时段' : `${until} 之前`}的日志已清理，由历史数据重放：每 ${seconds} 秒一个节拍，重复与合并的样本只计一次，触发时刻可能相差两个节拍。`,
      en: `${until === null ? 'The journal of this period is gone' : `Before ${until} the journal is gone`}, so it was replayed from the history: a tick every ${seconds} s, samples that came twice or were merged once; instants may be off by two ticks.`,
    },
  ];
}
