import { systemClock, TrialClock } from '../src/kernel/clock.ts';
import { messageOf, TownError } from '../src/kernel/errors.ts';
import type { Faults } from './faults.ts';
import { Fleet } from './fleet.ts';
import { loadInventory } from './inventory.ts';
import type {
  FaultAnswers,
  FaultCall,
  FromSimulator,
  PlainError,
  Port,
  StartMessage,
  ToSimulator,
} from './protocol.ts';
import { Simulator } from './simulator.ts';
import { SimulatedTown } from './town.ts';

/** A step of the history that is made, ms of town time. */
const STEP_MS = 60_000;
/** How long the last acknowledgements are waited for, real ms. */
const GRACE_MS = 2_000;

interface Running {
  clock: TrialClock;
  town: SimulatedTown;
  fleet: Fleet;
  simulator: Simulator;
  backfillUntil: number;
}

/** Serves the simulator's side of the protocol on `port`. Whatever fails is said there, nothing is thrown. */
export function serveSimulator(port: Port<ToSimulator, FromSimulator>): void {
  let running: Running | null = null;
  let isStopped = false;

  async function start(message: StartMessage): Promise<void> {
    const clock = new TrialClock(message.now);
    const town = new SimulatedTown(loadInventory(message.townFolder, message.devicesFolder), {
      seed: message.seed,
      clock,
    });
    const { secrets } = message;
    const credentials = town.connections.flatMap((id) => {
      const secret = secrets[id];
      return secret === undefined ? [] : [[id, secret] as const];
    });
    const fleet = new Fleet({
      url: message.url,
      secrets: new Map(credentials),
      seed: message.seed,
      clock: systemClock,
    });
    const simulator = new Simulator(
      town,
      fleet,
      credentials.map(([id]) => id),
      message.now,
    );
    running = { clock, town, fleet, simulator, backfillUntil: message.backfillUntil ?? message.now };
    await simulator.open();
    if (isStopped) return;
    const { connected, refused } = fleet.totals();
    port.postMessage({ type: 'connected', connected, devices: town.size, refused });
    goOn(running);
  }

  function goOn({ clock, backfillUntil }: Running): void {
    // Nobody steps a clock for a simulator that has gone.
    if (isStopped) return;
    const now = clock.now();
    if (now >= backfillUntil) port.postMessage({ type: 'caught-up' });
    else port.postMessage({ type: 'step', to: Math.min(now + STEP_MS, backfillUntil) });
  }

  async function step(parts: Running, now: number): Promise<void> {
    parts.clock.stepTo(now);
    await parts.simulator.step(now);
    goOn(parts);
  }

  function run({ clock, simulator }: Running, now: number, speed: number): void {
    clock.stepTo(now);
    clock.run(speed);
    simulator.run(clock);
  }

  async function stop({ clock, fleet, simulator }: Running): Promise<void> {
    isStopped = true;
    simulator.pause();
    clock.stop();
    port.postMessage({ type: 'stopped', totals: await fleet.stop(GRACE_MS) });
  }

  async function hear(message: ToSimulator): Promise<void> {
    if (message.type === 'start') return start(message);
    if (running === null) throw new TownError('conflict', `the simulator was told "${message.type}" before "start"`);
    switch (message.type) {
      case 'now':
        return step(running, message.now);
      case 'run':
        return run(running, message.now, message.speed);
      case 'fault':
        return answer(running.town.faults, message.number, message.call);
      case 'stop':
        return stop(running);
    }
  }

  function answer(faults: Faults, number: number, call: FaultCall): void {
    try {
      port.postMessage({ type: 'fault-answer', number, value: callFaults(faults, call) });
    } catch (error) {
      port.postMessage({ type: 'fault-error', number, error: plain(error) });
    }
  }

  port.on('message', (message) => {
    hear(message).catch((error: unknown) => port.postMessage({ type: 'failed', error: plain(error) }));
  });
}

function callFaults(faults: Faults, call: FaultCall): FaultAnswers[keyof FaultAnswers] {
  switch (call.do) {
    case 'kinds':
      return faults.kinds();
    case 'list':
      return faults.list();
    case 'start':
      return faults.start(call.request);
    case 'stop':
      return faults.stop(call.id);
  }
}

function plain(error: unknown): PlainError {
  const { code, problems } = error instanceof TownError ? error : new TownError('internal', messageOf(error));
  return { code, message: messageOf(error), problems };
}
