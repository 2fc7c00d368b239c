import type { Verdict } from '../model/verdict.ts';
import type { Words } from './words.ts';

/** A verdict's reason in words; null where there is none for it. */
export function reasonWord(words: Words, reason: string | null): string | null {
  return reason !== null && isKnown(words, reason) ? words.reason[reason] : null;
}

/** A verdict in the glossary's word with its reason: an idle one is called by that alone. */
export function verdictWord(words: Words, verdict: Verdict, reason: string | null): string {
  const why = reasonWord(words, reason);
  if (verdict === 'idle') return why ?? words.verdict.idle;
  return why === null ? words.verdict[verdict] : `${words.verdict[verdict]} · ${why}`;
}

function isKnown(words: Words, reason: string): reason is keyof Words['reason'] {
  return Object.hasOwn(words.reason, reason);
}
