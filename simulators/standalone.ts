import type { Clock } from '../src/kernel/clock.ts';
import { TownError } from '../src/kernel/errors.ts';
import { instant } from '../src/model/primitives.ts';
import type { FaultRequest } from './faults.ts';
import { Fleet, type FleetTotals } from './fleet.ts';
import type { Inventory } from './inventory.ts';
import { Simulator } from './simulator.ts';
import { type Told, ToldTime } from './told-time.ts';
import { SimulatedTown } from './town.ts';

/** How often what is due is sent, real ms. */
const LOOK_MS = 200;
const REPORT_MS = 5_000;
const ASK_MS = 10_000;
/** How long the last acknowledgements are waited for, real ms. */
const GRACE_MS = 10_000;

/** A run of the simulator as a process of its own. */
export interface StandaloneOptions {
  inventory: Inventory;
  /** `mqtt://HOST:PORT` */
  url: string;
  /** Device id -> secret; a device without one is left out. */
  secrets: Readonly<Record<string, string>>;
  seed: number;
  /** Only devices of this kind. */
  only?: string | undefined;
  /** Faults from the beginning of the run. */
  faults: readonly FaultRequest[];
  /** Where the town's clock stands at the beginning. */
  told: Told;
  /** Asks the town's clock again, or null where there is none to be followed. May reject: then time goes on as it did. */
  ask: (() => Promise<Told>) | null;
  /** How long it runs, ms of town time; null until it is aborted. */
  lasts: number | null;
  /** The machine's clock. */
  clock: Clock;
  print(line: string): void;
  signal: AbortSignal;
}

/**
 * Simulates the town until its time is over or `signal` is aborted, finishes what is in flight, and says what became of
 * its messages.
 * @throws TownError `unavailable` when no broker answers, `invalid` for a fault that cannot be, `config-invalid` when no
 *   device has a secret
 */
export async function simulate(options: StandaloneOptions): Promise<FleetTotals> {
  const { clock, print, signal } = options;
  const time = new ToldTime(clock, options.told);
  const town = new SimulatedTown(options.inventory, { seed: options.seed, clock: time, only: options.only });
  for (const request of options.faults) {
    const { id, fault, target, from, until } = town.faults.start(request);
    print(`${id}: ${fault} at ${target}, ${instant(from)} to ${instant(until)}`);
  }
  const secrets = credentialsOf(town, options.secrets);
  const without = town.connections.length - secrets.size;
  if (without > 0) print(`${without} of ${town.connections.length} connections have no secret and are left out`);

  const begin = time.now();
  const fleet = new Fleet({ url: options.url, secrets, seed: options.seed, clock });
  const simulator = new Simulator(town, fleet, secrets.keys(), begin);
  await simulator.open();
  const { connected, refused } = fleet.totals();
  print(`${connected} connected, ${town.size} devices, at ${instant(time.now())} of the town`);
  if (refused.length > 0) print(`the broker refused ${refused.length}: ${refused.join(', ')}`);

  const end = options.lasts === null ? Number.POSITIVE_INFINITY : begin + options.lasts;
  const { ask } = options;
  await new Promise<void>((resolve) => {
    const timers = [
      clock.every('simulated reports', LOOK_MS, () => {
        simulator.advance(Math.min(time.now(), end));
        if (time.now() >= end) finish();
      }),
      clock.every('progress', REPORT_MS, reporter(fleet, time, print)),
      clock.every("the town's clock", ASK_MS, () => {
        ask?.().then(
          (told) => time.tell(told),
          () => {},
        );
      }),
    ];
    const finish = () => {
      for (const timer of timers) timer.stop();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
  });
  return fleet.stop(GRACE_MS);
}

function credentialsOf(town: SimulatedTown, secrets: Readonly<Record<string, string>>): Map<string, string> {
  const found = new Map<string, string>();
  for (const id of town.connections) {
    const secret = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
    if (secret !== undefined) found.set(id, secret);
  }
  if (found.size > 0) return found;
  throw new TownError('config-invalid', 'no device to be simulated has a secret: give the right file with --secrets');
}

/** Says every few seconds how the messages fare. */
function reporter(fleet: Fleet, time: ToldTime, print: (line: string) => void): () => void {
  let before = fleet.totals();
  return () => {
    const totals = fleet.totals();
    const perSecond = (key: 'published' | 'acknowledged') => ((totals[key] - before[key]) * 1000) / REPORT_MS;
    print(
      [
        instant(time.now()),
        `connected ${totals.connected}`,
        `published ${perSecond('published').toFixed(1)}/s`,
        `acknowledged ${perSecond('acknowledged').toFixed(1)}/s`,
        `outstanding ${totals.outstanding}`,
        ...(totals.lost > 0 ? [`lost ${totals.lost}`] : []),
        ...(totals.refused.length > 0 ? [`refused ${totals.refused.length}`] : []),
      ].join('  '),
    );
    before = totals;
  };
}
