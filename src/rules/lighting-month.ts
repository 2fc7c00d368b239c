import { fromLocalTime } from '../model/local-time.ts';
import type { Name } from '../model/primitives.ts';
import type { Town } from '../model/town.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Engine } from './engine.ts';
import { type Rates, ratesOf } from './lamp-rate.ts';
import type { LampCount } from './lamp-state.ts';
import type { LampGroup } from './lighting.ts';
import { addInspected, type Calendar, noMonth } from './lighting-buckets.ts';
import { addTime, BUCKET_MS, bucketOf, type LampTime } from './lighting-record.ts';

const HOUR_MS = 3_600_000;
/** When a bureau's patrol counts, unless the town says otherwise. */
const INSPECTION = '21:00';

/** What a month came to for a group, by both ways of counting. */
export interface LightingMonth {
  group: LampGroup;
  id: string;
  name: Name;
  /** `YYYY-MM` of the town's calendar; a night over its end is parted at midnight. */
  month: string;
  /** 灯时亮灯率: lamp-hours. `watched` are the hours of the month that the service looked at. */
  lampHours: LampCount & Rates & { watched: number };
  /** 巡查亮灯率: lamps at a fixed time of each night, summed over the nights; as a bureau's patrol counts them. */
  inspection: LampCount & Rates & { time: string; nights: number };
}

/** The figures of months, summed up from the record. */
export class LightingMonths {
  readonly #engine: Engine;
  readonly #checkpoint: Checkpoint;

  constructor(engine: Engine, checkpoint: Checkpoint) {
    this.#engine = engine;
    this.#checkpoint = checkpoint;
  }

  /** A month (`YYYY-MM`) of every group of this sort that has a record of it, or of one, in the order of the ids. */
  of(group: LampGroup, month: string, only?: string): LightingMonth[] {
    const { lighting } = this.#checkpoint;
    const { town } = this.#engine.roster;
    const { timeZone, inspection: clock } = calendarOf(town);
    const time = town?.lighting?.inspection ?? INSPECTION;
    const dates = datesOf(month);
    const [from, to] = [month, monthAfter(month)].map((one) => fromLocalTime(`${one}-01T00:00`, timeZone));
    const inspected = new Set(dates.map((date) => fromLocalTime(`${date}T${clock}`, timeZone)));
    const ids = this.#checkpoint.groups().flatMap(([known, id]) => (known === group ? [id] : []));
    return ids
      .filter((id) => only === undefined || id === only)
      .sort()
      .flatMap((id) => {
        const sum = structuredClone(lighting.monthOf(group, id, month) ?? noMonth());
        const { whole, inspected: seen } = sum;
        for (const bucket of this.#checkpoint.buckets(group, id, bucketOf(from as number), to as number)) {
          addTime(whole, bucket);
          if (inspected.has(bucket.start)) addInspected(sum, bucket);
        }
        if (whole.watched === 0) return [];
        const name = this.#engine.lighting.nameOf(group, id);
        const inspection = { ...seen, ...ratesOf(seen), time, nights: sum.nights };
        return [{ group, id, name, month, lampHours: inHours(whole), inspection }];
      });
  }
}

/** The calendar that a town's months go by; an inspection falls into the bucket that its time lies in. */
export function calendarOf(town: Town | null): Calendar {
  const [hour = '', minute = ''] = (town?.lighting?.inspection ?? INSPECTION).split(':');
  const width = BUCKET_MS / 60_000;
  const inspection = `${hour}:${String(Math.floor(Number(minute) / width) * width).padStart(2, '0')}`;
  return { timeZone: town?.timeZone ?? 'UTC', inspection };
}

function inHours(time: LampTime): LightingMonth['lampHours'] {
  const { expected, lit, out, unknown, watched } = time;
  const hours = (ms: number) => Math.round((ms / HOUR_MS) * 1_000) / 1_000;
  return {
    ...{ expected: hours(expected), lit: hours(lit), out: hours(out), unknown: hours(unknown) },
    ...{ ...ratesOf(time), watched: hours(watched) },
  };
}

function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
}

function datesOf(month: string): string[] {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const days = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return Array.from({ length: days }, (_, day) => `${month}-${String(day + 1).padStart(2, '0')}`);
}
