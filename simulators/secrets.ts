import { readFileSync } from 'node:fs';
import { messageOf, TownError } from '../src/kernel/errors.ts';

/**
 * Reads a file of secrets: a JSON object, device id to secret, as the demo and `devices import --secrets` write it.
 * @throws TownError `config-invalid` when it is missing, cannot be read, or is no such object
 */
export function readSecrets(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TownError(
      'config-invalid',
      `the file of secrets cannot be read (${messageOf(error)}): "townpulse devices import … --secrets ${file}" writes one`,
    );
  }
  const secrets = parse(text);
  if (secrets === null)
    throw new TownError(
      'config-invalid',
      `${file} is no file of secrets: it holds one JSON object, device id to secret`,
    );
  return secrets;
}

/** Nothing of the text is quoted in an error: it may be secret. */
function parse(text: string): Record<string, string> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.values(value).every((secret) => typeof secret === 'string')
      ? (value as Record<string, string>)
      : null;
  } catch {
    return null;
  }
}
