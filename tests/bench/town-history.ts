import { loadInventory } from '../../simulators/inventory.ts';
import { SimulatedTown } from '../../simulators/town.ts';
import type { HistoryEvent, HistoryRow, HistoryState, HistoryStore } from '../../src/history/port.ts';
import type { Device } from '../../src/model/device.ts';
import type { Change } from '../../src/model/record.ts';
import type { Value } from '../../src/model/sample.ts';
import { versionOf } from '../../src/rules/rulebook.ts';

/** A history to make: of the sample town from `from` to `to`, ms, by a rulebook. */
export interface TownHistory {
  town: string;
  kinds: string;
  rulebook: string;
  from: number;
  to: number;
}

const SEED = 1;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Rows of one commit are those of so long. */
const STEP = 6 * HOUR;
/** A report arrives so long after it is sent, ms. */
const ON_THE_WAY = 300;
/** Each fault of a day lasts so long. */
const FAULT = 2 * HOUR;
const FAULTS = ['feeder-outage', 'concentrator-loss', 'pressure-drop', 'gas-leak'];

/**
 * Fills a store with what the simulated devices of a town say, as the history writer would have written it, and with the
 * changes that came before; each evening something fails. Answers how many rows it made.
 */
export async function makeTownHistory(store: HistoryStore, state: HistoryState, what: TownHistory): Promise<number> {
  const { from, to, rulebook } = what;
  const inventory = loadInventory(what.town, what.kinds);
  const devices = new Map(inventory.devices.map((device) => [device.id, device]));
  const town = new SimulatedTown(inventory, { seed: SEED, clock: { now: () => from } });
  for (let day = 0; from + (day + 1) * DAY <= to; day++)
    for (const [index, fault] of FAULTS.entries()) {
      const targets = town.faults.kinds().find((kind) => kind.fault === fault)?.targets ?? [];
      const target = targets[(day * 7 + index) % targets.length]?.id;
      if (target !== undefined)
        town.faults.start({ fault, target, duration: FAULT, delay: day * DAY + (18 + index) * HOUR });
    }
  const changes: Change[] = [
    { what: 'town', town: inventory.town },
    { what: 'rulebook', text: rulebook, version: versionOf(rulebook) },
    ...inventory.devices.map((device): Change => ({ what: 'device', device })),
  ];
  let events = changes.map((change): HistoryEvent => {
    return { at: from, what: change.what, by: 'bench', detail: JSON.stringify(change) };
  });
  const counts = structuredClone(state.counts);
  let made = 0;
  for (let at = from; at < to; at += STEP) {
    const inserts = town
      .reports(at, Math.min(at + STEP, to))
      .flatMap(({ connection, at: sentAt, payload }) => rowsOf(payload, connection, sentAt + ON_THE_WAY, devices));
    for (const { kind } of inserts) {
      counts[kind] ??= { stored: 0, merged: 0, duplicate: 0, rejected: 0 };
      counts[kind].imported = (counts[kind].imported ?? 0) + 1;
    }
    await store.commit({ cursor: state.cursor, counts, inserts, replacements: [], events });
    events = [];
    made += inserts.length;
  }
  return made;
}

function rowsOf(
  payload: string,
  connection: string,
  receivedAt: number,
  devices: ReadonlyMap<string, Device>,
): HistoryRow[] {
  const samples: { device?: string; ts: number; [field: string]: unknown }[] = [JSON.parse(payload)].flat();
  return samples.flatMap(({ device: id = connection, ts, ...values }) => {
    const device = devices.get(id);
    if (device === undefined) return [];
    const { kind, area, road, organisation } = device;
    return {
      ...{ kind, device: id, ts, receivedAt, deviceTs: null, seq: null, flags: [], area, road, organisation },
      values: values as Record<string, Value>,
    };
  });
}
