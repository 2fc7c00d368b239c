import type { ReactNode } from 'react';
import type { AlertState, Severity } from '../../model/alert.ts';
import type { Verdict } from '../../model/verdict.ts';
import { useDesk } from '../desk.ts';
import { verdictWord } from '../verdict.ts';

/** A tone of console.css: its pair of colours keeps AA contrast in light and dark. */
export type Tone = Verdict | Severity | 'notice';

/** A word in a tone. The word says it all; colour and mark only help to find it. */
export function Tag({ tone, mark, children }: { tone: Tone; mark?: string; children: ReactNode }) {
  return (
    <span className="tag" data-tone={tone}>
      {mark !== undefined && <span aria-hidden="true">{mark}</span>}
      {children}
    </span>
  );
}

const VERDICT_MARK: Record<Verdict, string> = { ok: '✓', breach: '✗', silent: '○', unknown: '?', idle: '–' };

/** A verdict in the glossary's word, with its reason where that is known. */
export function VerdictTag({ verdict, reason = null }: { verdict: Verdict; reason?: string | null }) {
  const { words } = useDesk();
  return (
    <Tag tone={verdict} mark={VERDICT_MARK[verdict]}>
      {verdictWord(words, verdict, reason)}
    </Tag>
  );
}

/** A severity in the glossary's word; `quiet` once it is over. */
export function SeverityTag({ severity, quiet }: { severity: Severity; quiet: boolean }) {
  const { words } = useDesk();
  return <Tag tone={quiet ? 'idle' : severity}>{words.severity[severity]}</Tag>;
}

/** An alert's state in the glossary's word; firing stands out among the open ones. */
export function StateTag({ state }: { state: AlertState }) {
  const { words } = useDesk();
  return <Tag tone={state === 'firing' ? 'breach' : state === 'resolved' ? 'ok' : 'notice'}>{words.state[state]}</Tag>;
}
