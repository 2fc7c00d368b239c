import type { Clock } from '../kernel/clock.ts';
import { type Problem, TownError } from '../kernel/errors.ts';
import type { Device } from '../model/device.ts';
import { type Patrol, type PatrolInput, refusalOf } from '../model/patrol.ts';
import type { ChangeJournal } from './registry.ts';

/** Takes what night patrols find, as changes in the journal: all of a list or nothing. */
export class Patrols {
  readonly #devices: { find(id: string): Device | undefined };
  readonly #journal: ChangeJournal;
  readonly #clock: Clock;

  constructor(devices: { find(id: string): Device | undefined }, journal: ChangeJournal, clock: Clock) {
    this.#devices = devices;
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Takes findings that `by` hands in. @throws TownError `invalid` with everything that is wrong, by its place in the list */
  async take(findings: readonly PatrolInput[], by: string): Promise<Patrol[]> {
    const problems: Problem[] = [];
    const patrols = findings.map((finding, index) => this.#read(finding, String(index), problems));
    if (problems.length > 0)
      throw new TownError('invalid', `${problems.length} problem(s); none of the findings was taken`, { problems });
    await this.#journal.append(
      patrols.map((patrol) => ({ type: 'change', change: { what: 'patrol', patrol }, by })),
      () => {},
    );
    return patrols;
  }

  #read({ device: id, ts, lit, by, validFor }: PatrolInput, place: string, problems: Problem[]): Patrol {
    const report = (field: string, message: string) => problems.push({ path: `${place}.${field}`, message });
    const device = this.#devices.find(id);
    const lamps = Number(device?.attributes.lamps ?? 0);
    const at = Date.parse(ts);
    const late = refusalOf(at, this.#clock.now());
    if (device === undefined) report('device', `no device ${id} is registered`);
    else if (device.retiredAt !== null) report('device', `${id} is retired`);
    else if (lamps <= 0) report('device', `${id} has no lamps in the registry (attributes.lamps)`);
    else if (typeof lit === 'number' && lit > lamps) report('lit', `${id} has ${lamps} lamp(s) in the registry`);
    if (late !== null) report('ts', `${ts} ${late}`);
    return { device: id, ts: at, lit: lit === true ? lamps : Number(lit), by, validFor };
  }
}
