import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../kernel/package-root.ts';
import { type Finding, fine, wrong } from './finding.ts';

/** Whether Node is new enough; `engines` such as `>=20.19` is what the package asks for. */
export function checkNode(version = process.versions.node, engines = enginesOf()): Finding {
  const [wantedMajor = 0, wantedMinor = 0] = numbers(engines);
  const [major = 0, minor = 0] = numbers(version);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return fine('node', `Node ${version}`);
  return wrong('node', `Node ${version}, and Townpulse needs ${engines}`, 'install Node 24');
}

function enginesOf(): string {
  const { engines } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  return engines.node;
}

function numbers(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}
