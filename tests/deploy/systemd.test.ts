import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { DEPLOYED_NODE_OPTIONS } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const UNIT = join(packageRoot, 'deploy/townpulse.service');
const text = readFileSync(UNIT, 'utf8');
const { status, stdout } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
const version = status === 0 ? Number(/^systemd (\d+)/.exec(stdout)?.[1]) : 0;
const can = version >= 252;
const title = can ? `by systemd ${version}` : 'by systemd (not installed here, or older than 252)';

/** Runs systemd-analyze on a unit whose program is one that is here. */
function analyze(unit: string, ...words: string[]) {
  const file = join(temporaryFolder(), 'townpulse.service');
  writeFileSync(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
  const { status: code, stdout: out, stderr } = spawnSync('systemd-analyze', [...words, file], { encoding: 'utf8' });
  return { code, said: out + stderr };
}

describe.skipIf(!can)(`the unit ${title}`, () => {
  it('is a unit, every line of it', () => {
    expect(analyze(text, 'verify')).toEqual({ code: 0, said: '' });
    expect(analyze(text.replace('ProtectClock=', 'ProtectClok='), 'verify').said).toContain('ProtectClok');
  });

  it('is hardened: its exposure is below 2 of 10', () => {
    const security = ['security', '--offline=true', '--threshold=20', '--no-pager'];
    expect(analyze(text, ...security).code).toBe(0);
    expect(analyze(text.replace(/^(?:Protect|Restrict|System).*$/gm, ''), ...security).code).not.toBe(0);
  });
});

describe('the unit', () => {
  it('gives the service longer to stop than it takes at most, and does not try a wrong configuration again', () => {
    const app = readFileSync(join(packageRoot, 'src/app.ts'), 'utf8');
    const deadline = Number(/STOP_DEADLINE_MS = ([\d_]+)/.exec(app)?.[1]?.replaceAll('_', ''));
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]) * 1_000).toBeGreaterThan(deadline);
    expect(text).toMatch(/^RestartPreventExitStatus=2$/m);
    expect(text).toMatch(/^Restart=on-failure$/m);
  });

  it('tells Node what the bench tells it', () => {
    expect(text).toContain(`\nEnvironment=NODE_OPTIONS=${DEPLOYED_NODE_OPTIONS}\n`);
  });
});
