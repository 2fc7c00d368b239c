import type { Point } from '../../kernel/points.ts';
import type { KeptFields } from '../port.ts';
import {
  beginningOf,
  DAY,
  endedOf,
  type Horizons,
  nextPiece,
  ROLL_UP_NAMES,
  type RollUp,
  rollUpOf,
} from '../rollups.ts';
import { type Buckets, changedFigures, freshFigures, standingFigures } from './figures.ts';
import { figureBodies } from './lines.ts';
import type { Marks } from './marks.ts';
import { RECEIVED_AT } from './names.ts';
import type { InfluxServer } from './server.ts';
import { Statement } from './statement.ts';

/** Devices of one late day that are rolled up again at a time: their five-minute figures are an answer of a few MB. */
const DEVICES = 20;

/** Rolls readings on a server up, and lets old ones go: reads figures, writes lines. A kill in between makes a piece again. */
export class InfluxRollUps {
  readonly #server: InfluxServer;
  readonly #marks: Marks;
  readonly #origin: number;
  readonly #point: Point;

  constructor(server: InfluxServer, marks: Marks, origin: number, point: Point) {
    this.#server = server;
    this.#marks = marks;
    this.#origin = origin;
    this.#point = point;
  }

  /** Rolls up the next piece of what is due, then days in which something came late; false when nothing was left. */
  async rollUp(kept: KeptFields, now: number): Promise<boolean> {
    const { until, pending } = this.#marks.rolledUp();
    const piece = pending ?? nextPiece(until, await this.#firstSince(kept, until), now, this.#origin);
    if (piece === null) return this.#rollUpLate(kept, until);
    if (pending === null) await this.#marks.begin(piece);
    this.#point('rollup.begun');
    for (const [kind, fields] of kept) {
      for (const name of ROLL_UP_NAMES) {
        await this.#make({ kind, fields, name, span: piece.spans[name], devices: null, origin: this.#origin });
      }
    }
    this.#point('rollup.made');
    await this.#marks.finish();
    return true;
  }

  /** Lets go what lies before the horizons: of readings only what is rolled up. */
  async drop(kept: KeptFields, wanted: Horizons): Promise<void> {
    const { until, pending } = this.#marks.rolledUp();
    const whole: Horizons = {};
    for (const [what, from] of Object.entries(wanted) as [keyof Horizons, number][]) {
      if (what === 'raw' && pending !== null) continue;
      whole[what] = beginningOf(what === 'raw' ? Math.min(from, until) : from, DAY, this.#origin);
    }
    const horizons = this.#marks.toDrop(whole);
    if (Object.keys(horizons).length === 0) return;
    await this.#marks.setHorizons(horizons, false);
    this.#point('drop.recorded');
    const statement = new Statement();
    for (const [what, from] of Object.entries(horizons)) {
      for (const kind of kept.keys()) {
        const measurement = statement.name(what === 'raw' ? kind : rollUpOf(kind, what as RollUp));
        statement.add(`DELETE FROM ${measurement} WHERE time < ${statement.instant(from)}`);
      }
    }
    await this.#server.query(statement);
    await this.#marks.setHorizons(horizons, true);
  }

  async #rollUpLate(kept: KeptFields, until: number): Promise<boolean> {
    const found = this.#marks.late(DEVICES);
    if (found === null) return false;
    const { late, done } = found;
    const spans = endedOf(late.day, until, this.#origin);
    const fields = kept.get(late.kind) ?? [];
    for (const name of ROLL_UP_NAMES) {
      await this.#make({
        kind: late.kind,
        fields,
        name,
        span: spans[name],
        devices: late.devices,
        origin: this.#origin,
      });
    }
    await done();
    return true;
  }

  async #make(buckets: Buckets): Promise<void> {
    const { kind, fields, name, span } = buckets;
    if (span.from >= span.to || fields.length === 0) return;
    const fresh = await freshFigures(this.#server, buckets);
    if (fresh.size === 0) return;
    const standing = await standingFigures(this.#server, buckets);
    const bodies = figureBodies(rollUpOf(kind, name), changedFigures(fresh, standing, fields));
    if (bodies.length > 0) await this.#server.write(bodies, 'ms');
  }

  /** The first reading at or after an instant, of any kind. */
  async #firstSince(kept: KeptFields, since: number): Promise<number | null> {
    const statement = new Statement();
    const received = statement.name(RECEIVED_AT);
    for (const kind of kept.keys()) {
      statement.add(`SELECT first(${received}) FROM ${statement.name(kind)} WHERE time >= ${statement.instant(since)}`);
    }
    if (kept.size === 0) return null;
    const found = (await this.#server.query(statement)).flatMap(([series]) => series?.values[0]?.[0] ?? []);
    return found.length === 0 ? null : Math.min(...found.map(Number));
  }
}
