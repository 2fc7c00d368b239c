import { accessSync, constants, existsSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readSecrets } from '../../simulators/secrets.ts';
import { messageOf, TownError } from '../kernel/errors.ts';

/**
 * Opens a file of secrets (JSON, device id to secret, mode 0600); gives back how to add new ones to those it holds. Open it
 * before secrets are made: they are told once, and a file that cannot be written would lose them.
 * @throws TownError `config-invalid` when the file holds something else, or cannot be written
 */
export function openSecretsFile(file: string): (secrets: Record<string, string>) => void {
  const kept = existsSync(file) ? readSecrets(file) : {};
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    throw new TownError('config-invalid', `the file of secrets cannot be written (${messageOf(error)})`);
  }
  return (secrets) => {
    const fresh = `${file}.new`;
    writeFileSync(fresh, `${JSON.stringify({ ...kept, ...secrets }, null, 2)}\n`, { mode: 0o600 });
    renameSync(fresh, file);
  };
}
