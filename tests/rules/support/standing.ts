import { Checkpoint } from '../../../src/rules/checkpoint.ts';
import { Standing } from '../../../src/rules/standing.ts';
import { temporaryStore } from '../../support/temporary.ts';
import type { Timeline } from './timeline.ts';

/** How things stand in a town, as others may read it. */
export async function standingOf(town: Timeline): Promise<Standing> {
  const store = await temporaryStore();
  const checkpoint = new Checkpoint(store);
  await store.transaction(() => checkpoint.save(town.engine, town.records.length + 1));
  return new Standing(town.engine, checkpoint);
}
