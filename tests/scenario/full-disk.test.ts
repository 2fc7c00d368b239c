import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ServiceProcess } from '../support/service.ts';
import { signIn } from './support/signed-in.ts';

const MIB = 1024 ** 2;
const DISK = 112 * MIB;
/** The least that may be set to be kept free. */
const FLOOR = 64 * MIB;
const SECRET = 'the-secret-of-this-device';
const DEVICE = {
  id: 'WP-1',
  kind: 'water-pressure',
  area: 'town-centre',
  organisation: 'water-company',
  secret: SECRET,
};
const TOPIC = 'lailong/water-pressure/WP-1/telemetry';
const SAMPLES = 200;

const canMount = (() => {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'townpulse-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
      execFileSync('umount', [folder]);
      return true;
    } finally {
      rmdirSync(folder);
    }
  } catch {
    return false;
  }
})();

/** A small disk in memory, gone when the running test ends, and what fills it. */
function smallDisk(): { folder: string; fillTo: (free: number) => void; empty: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'townpulse-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', folder]);
  onTestFinished(() => {
    execFileSync('umount', [folder]);
    rmdirSync(folder);
  });
  const other = join(folder, 'other');
  writeFileSync(other, '');
  const fillTo = (free: number) => {
    const { bavail, bsize } = statfsSync(folder);
    const more = bavail * bsize - free;
    try {
      if (more > 0) appendFileSync(other, Buffer.alloc(more));
      else truncateSync(other, statSync(other).size + more);
    } catch (error) {
      // Somebody else took the last of it in the same moment.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  };
  return { folder, fillTo, empty: () => rmSync(other) };
}

it.skipIf(!canMount)(
  'P5: on a full disk nothing is acknowledged, and nothing acknowledged is lost (needs root, to mount a small one)',
  async () => {
    const disk = smallDisk();
    const env = { TOWNPULSE_DISK_FLOOR: String(FLOOR) };
    const service = await ServiceProcess.start({ dataDir: join(disk.folder, 'data'), from: 'build', env });
    onTestFinished(() => service.kill());
    await service.register([DEVICE]);
    const device = await signIn(service, DEVICE.id, SECRET);
    const base = Date.now() - 3_600_000;
    let sent = 0;
    const acknowledged: number[] = [];
    const inFlight = new Set<Promise<unknown>>();
    const publish = () => {
      const times = Array.from({ length: SAMPLES }, (_, at) => base + sent * SAMPLES + at);
      sent++;
      const payload = JSON.stringify(times.map((ts) => ({ ts, pressure: 0.3 })));
      const going = device.publishAsync(TOPIC, payload, { qos: 1 }).then(() => acknowledged.push(...times));
      inFlight.add(going);
      going.then(() => inFlight.delete(going)).catch(() => {});
    };
    const readiness = () => service.readiness();

    // Room for some more, and then somebody else takes all of it.
    for (let message = 0; message < 20; message++) publish();
    await Promise.all(inFlight);
    disk.fillTo(0);
    for (let message = 0; message < 20; message++) publish();
    await vi.waitFor(async () => expect((await readiness()).status).toBe(503));
    const { checks } = await readiness();
    expect(checks.journal).toMatch(
      /^the disk of \S+ is full but for 0 MiB, and 64 MiB are kept free: make room there$/,
    );
    const full = await service.ledger();
    expect(full).toMatchObject({ received: acknowledged.length, balanced: true });
    await expect(signIn(service, DEVICE.id, SECRET)).rejects.toMatchObject({ code: 3 });
    expect(await service.metrics()).toBeDefined();

    // Above what the store keeps for itself, and below the floor: still nobody is answered, but what was taken moves on.
    disk.fillTo(FLOOR - 8 * MIB);
    await service.drained();
    expect((await readiness()).status).toBe(503);
    expect(inFlight.size).toBe(20);
    expect((await service.ledger()).received).toBe(full.received);

    disk.empty();
    await Promise.all(inFlight);
    await vi.waitFor(async () => expect((await readiness()).status).toBe(200));
    expect(acknowledged.length).toBe(sent * SAMPLES);
    await service.drained();
    expect(await service.ledger()).toMatchObject({ stored: sent * SAMPLES, duplicate: 0, pending: 0, balanced: true });
    expect(service.output).not.toMatch(/^\s+at /m);
    await service.stop();
  },
);
