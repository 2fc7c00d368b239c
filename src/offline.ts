import { join } from 'node:path';
import type { Settings } from './config/settings.ts';
import { loadKinds } from './registry/kinds.ts';
import { loadTown } from './registry/town-folder.ts';
import {
  checkRulebook,
  RULEBOOK_FILE,
  type RulebookCheck,
  readRulebookFile,
  surroundings,
} from './rules/rulebook-file.ts';

export { probeHistory } from './history/stores.ts';

/** Checks a rulebook file, the town's own unless one is given. Works on files alone. */
export function checkRulebookFile(settings: Settings, file: string | undefined): RulebookCheck & { path: string } {
  const kinds = loadKinds(settings.devices);
  const { town, plan } = loadTown(settings.town);
  const path = file ?? join(settings.town, RULEBOOK_FILE);
  return { ...checkRulebook(readRulebookFile(path), path, surroundings(kinds, town, plan)), path };
}
