/** What a check found: that something is right, or what is wrong and what to do about it. */
export interface Finding {
  /** What was looked at: `data directory`, `ports` … */
  check: string;
  ok: boolean;
  says: string;
  /** What to do; null where nothing is wrong. */
  todo: string | null;
}

/** What is right, or only worth knowing. */
export function fine(check: string, says: string): Finding {
  return { check, ok: true, says, todo: null };
}

/** What is wrong, and what to do. */
export function wrong(check: string, says: string, todo: string): Finding {
  return { check, ok: false, says, todo };
}
