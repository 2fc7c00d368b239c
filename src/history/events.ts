import type { ChangeRecord, TickRecord } from '../model/record.ts';
import type { HistoryEvent } from './port.ts';

/** What the history keeps of a record that is no sample: every change, and the ticks after an outage of the service. */
export function eventsOf(record: TickRecord | ChangeRecord): HistoryEvent[] {
  if (record.type === 'change') {
    const { at, by, change } = record;
    return [{ at, what: change.what, by, detail: JSON.stringify(change) }];
  }
  if (record.away === 0) return [];
  return [{ at: record.at, what: 'away', by: 'service', detail: JSON.stringify({ ms: record.away }) }];
}
