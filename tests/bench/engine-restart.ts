/*
 * Starts the rules anew on the store of a folder, as the service does, in a process of its own, and says what that took:
 *   node --expose-gc --import tsx tests/bench/engine-restart.ts FOLDER
 */
import { openStore } from '../../src/kernel/store.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { Engine } from '../../src/rules/engine.ts';
import { KINDS } from './big-town.ts';
import { TICK_MS } from './engine-load.ts';

/** What it says, as JSON on a line. */
export interface Restart {
  devices: number;
  /** From the open store to the first tick that is judged, ms. */
  ms: number;
  /** What the heap holds more than before, bytes. */
  bytes: number;
}

const store = await openStore(process.argv[2] as string, { sync: false });
const before = heldBytes();
const begun = performance.now();
const engine = new Engine(KINDS, () => {});
const cursor = new Checkpoint(store).load(engine);
engine.feed({ type: 'tick', offset: cursor, at: (engine.tickedAt ?? 0) + TICK_MS, away: 0 });
const ms = performance.now() - begun;
const bytes = heldBytes() - before;
console.log(JSON.stringify({ devices: engine.roster.members.size, ms, bytes } satisfies Restart));
await store.close();

function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
