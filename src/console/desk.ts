import { createContext, useContext } from 'react';
import type { Names } from './names.ts';
import type { Language, Words } from './words.ts';

/** What every panel needs to speak: words, names, and the times of the town and of this machine. */
export interface Desk {
  language: Language;
  words: Words;
  names: Names;
  /** IANA zone that times are shown in: the town's. */
  zone: string;
  /** The town's time now, ms; it stands still while the clock can't be read. Null until it was read once. */
  townNow: number | null;
  /** Nobody answers: every figure is an old one. */
  offline: boolean;
  /** This machine's time now, ms: ages of what was fetched. */
  machineNow: number;
}

/** The zone that times are shown in until the town's is known. */
export const BROWSER_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

export const DeskContext = createContext<Desk | null>(null);

/** The desk that a panel stands on. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error('a panel stands outside the desk: wrap it in DeskContext');
  return desk;
}
