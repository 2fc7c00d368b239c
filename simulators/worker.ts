/** The entry of the simulator's worker thread. */
import { parentPort } from 'node:worker_threads';
import { serveSimulator } from './serve.ts';

if (parentPort !== null) serveSimulator(parentPort);
