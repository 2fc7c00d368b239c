import type { Store } from '../kernel/store.ts';
import type { Change } from '../model/record.ts';
import type { Journal } from './journal.ts';

/** Appends those of the files' changes that are not the newest of their kind in the journal already; `by` is who read them. */
export async function recordChanges(
  store: Store,
  journal: Journal,
  changes: readonly Change[],
  by = 'files',
): Promise<void> {
  const inForce = store.table<string, string>('files.in-force');
  const fresh = changes.filter((change) => inForce.get(change.what) !== JSON.stringify(change));
  if (fresh.length === 0) return;
  await journal.append(
    fresh.map((change) => ({ type: 'change', change, by })),
    () => {
      for (const change of fresh) inForce.put(change.what, JSON.stringify(change));
    },
  );
}
