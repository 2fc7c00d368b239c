import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readBackup } from '../../src/backup/archive.ts';
import { Backup, type BackupParts, type CopiedReadings } from '../../src/backup/backup.ts';
import { restoreBackup } from '../../src/backup/restore.ts';
import { Journal } from '../../src/journal/journal.ts';
import { TrialClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { type CopyableStore, openStore } from '../../src/kernel/store.ts';
import { balance } from '../../src/model/ledger.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SETTINGS = { maxBytes: 1_000_000, keep: 0, keepBytes: 0 };
const KIND = 'water-pressure';
const NOW = Date.parse('2026-11-23T12:31:05.000Z');

/** A town whose history is a number: how far it has read. What comes between two copies is up to the test. */
class SmallTown {
  readonly dataDir = temporaryFolder();
  readonly clock = new TrialClock(NOW);
  store!: CopyableStore;
  journal!: Journal;
  cursor = 1;
  /** What happens once the readings are copied, before the store is. */
  between: () => Promise<void> = async () => {};
  free = Number.POSITIVE_INFINITY;

  static async start(): Promise<SmallTown> {
    const town = new SmallTown();
    const store = await openStore(town.dataDir, { sync: false });
    onTestFinished(() => store.close());
    town.store = store;
    town.journal = new Journal(town.store, town.clock, SETTINGS, ['history']);
    await town.receive(3);
    return town;
  }

  /** Samples come in, and are counted as the gate counts them. */
  async receive(count: number): Promise<void> {
    const table = this.store.table<string, number>('received');
    for (let index = 0; index < count; index++) {
      const sample = { device: 'a', kind: KIND, ts: this.journal.end(0), values: {} };
      await this.journal.append([{ type: 'sample', sample }], () => table.put('all', (table.get('all') ?? 0) + 1));
    }
  }

  /** The history reads up to the end, and what it has read is trimmed if it may be. */
  async readOn(): Promise<void> {
    this.cursor = this.journal.end(0);
    this.journal.commit('history', 0, this.cursor);
    this.clock.advance(1);
    await this.journal.trim();
  }

  get backup(): Backup<CopiedReadings> {
    return new Backup(this.parts());
  }

  parts(): BackupParts<CopiedReadings> {
    const { dataDir, store, journal, clock } = this;
    return {
      ...{ dataDir, floor: 5_000_000, town: 'lailong', store, held: [journal], realClock: clock, log: silentLogger },
      history: {
        name: 'memory',
        copyTo: async (directory) => {
          const { cursor } = this;
          writeFileSync(join(directory, 'history.memory'), String(cursor));
          await this.between();
          return { cursor, rows: { [KIND]: cursor - 1 } };
        },
      },
      figures: (copy, { cursor }) => {
        const copied = new Journal(copy, clock, SETTINGS, []);
        const received = copy.table<string, number>('received').get('all') ?? 0;
        const stored = { stored: cursor - 1, merged: 0, duplicate: 0, rejected: 0 };
        return {
          journal: { start: copied.start(), end: copied.end(0) },
          ledger: balance({
            intake: { kinds: { [KIND]: { received, rejected: 0 } }, fieldsRejected: 0, fieldsUnknown: 0 },
            history: { [KIND]: stored },
            pending: copied.countSamples(cursor),
          }),
        };
      },
      freeBytes: () => this.free,
    };
  }

  /** Makes a backup and writes it to a file. */
  async save(): Promise<string> {
    const file = join(temporaryFolder(), 'town.tar');
    const { stream } = await this.backup.make();
    writeFileSync(file, await buffer(stream));
    return file;
  }

  staged(): string[] {
    const staging = join(this.dataDir, 'backup.partial');
    return existsSync(staging) ? readdirSync(staging) : [];
  }
}

describe('a backup of a running service', () => {
  it('tells how far it goes, and the ledger of the copy balances', async () => {
    const town = await SmallTown.start();
    await town.readOn();
    await town.receive(2);
    const manifest = await readBackup(await town.save());
    expect(manifest).toMatchObject({
      what: 'townpulse-backup',
      madeAt: '2026-11-23T12:31:05.001Z',
      journal: { start: 3, end: 6 },
      history: { store: 'memory', cursor: 4, rows: { [KIND]: 3 } },
      ledger: { received: 5, stored: 3, pending: 2, balanced: true },
    });
    expect(manifest.contains).not.toContain('not in it');
  });

  it('misses nothing and doubles nothing, whatever comes and is read between the two copies', async () => {
    const town = await SmallTown.start();
    town.between = async () => {
      await town.receive(4);
      await town.readOn();
      await town.receive(1);
    };
    const { journal, history, ledger } = await readBackup(await town.save());
    expect([journal, history.cursor]).toEqual([{ start: 1, end: 9 }, 1]);
    expect(ledger).toMatchObject({ received: 8, stored: 0, pending: 8, balanced: true });
    await town.readOn();
    expect(town.journal.start(), 'what it held is let go').toBe(8);
  });

  it('keeps tokens and secrets, and nothing that belongs to the running process', async () => {
    const town = await SmallTown.start();
    const names = ['cli.token', 'simulator-secrets.json', 'demo.json', 'cli.url', 'lock', 'history.memory', 'core'];
    for (const name of names) writeFileSync(join(town.dataDir, name), name);
    const restored = join(temporaryFolder(), 'data');
    await restoreBackup(await town.save(), restored);
    expect(readdirSync(restored).sort()).toEqual([
      'cli.token',
      'demo.json',
      'history.memory',
      'simulator-secrets.json',
      'townpulse.mdb',
    ]);
    const store = await openStore(restored);
    expect(store.table<string, number>('received').get('all')).toBe(3);
    await store.close();
  });

  it('says so where the readings are not in it', async () => {
    const town = await SmallTown.start();
    const parts = town.parts();
    const history = { name: 'influxdb', copyTo: async () => ({ cursor: 1, rows: null }) };
    const { manifest, stream } = await new Backup({ ...parts, history }).make();
    stream.destroy();
    expect(manifest.history).toEqual({ store: 'influxdb', cursor: 1, rows: null });
    expect(manifest.contains).toContain('the readings are not in it');
    expect(manifest.files.map(({ name }) => name)).toEqual(['townpulse.mdb']);
  });

  it('stages for its owner only, and clears what it staged once it is sent', async () => {
    const town = await SmallTown.start();
    const { stream } = await town.backup.make();
    expect(town.staged()).toContain('townpulse.mdb');
    expect(statSync(join(town.dataDir, 'backup.partial')).mode & 0o777).toBe(0o700);
    await buffer(stream);
    expect(town.staged()).toEqual([]);
  });

  it('clears what it staged when the receiver goes away', async () => {
    const town = await SmallTown.start();
    const { backup } = town;
    const { stream } = await backup.make();
    stream.destroy();
    await finished(stream).catch(() => {});
    expect(town.staged()).toEqual([]);
    (await backup.make()).stream.destroy();
  });

  it('clears at the start what a kill left there', async () => {
    const town = await SmallTown.start();
    mkdirSync(join(town.dataDir, 'backup.partial'));
    writeFileSync(join(town.dataDir, 'backup.partial', 'half'), '');
    town.backup.start();
    expect(existsSync(join(town.dataDir, 'backup.partial'))).toBe(false);
  });
});

describe('a backup that cannot be made', () => {
  it('is refused while another one is made or sent', async () => {
    const town = await SmallTown.start();
    const { backup } = town;
    const making = backup.make();
    await expect(backup.make()).rejects.toMatchObject({ code: 'conflict' });
    const { stream } = await making;
    await expect(backup.make()).rejects.toMatchObject({ code: 'conflict' });
    stream.resume();
    await once(stream, 'end');
    (await backup.make()).stream.destroy();
  });

  it('without room on the disk says how much is needed', async () => {
    const town = await SmallTown.start();
    writeFileSync(join(town.dataDir, 'history.memory'), Buffer.alloc(3_000_000));
    town.free = 7_000_000;
    await expect(town.backup.make()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/needs 8 MiB free in .*, where 7 MiB are/),
    });
    expect(town.staged()).toEqual([]);
  });

  it('leaves nothing behind, and the next one can be made', async () => {
    const town = await SmallTown.start();
    const { backup } = town;
    town.between = async () => {
      throw new Error('the history breaks');
    };
    await expect(backup.make()).rejects.toThrow('the history breaks');
    expect(town.staged()).toEqual([]);
    town.between = async () => {};
    await town.readOn();
    expect(town.journal.start(), 'what it held is let go').toBe(3);
    (await backup.make()).stream.destroy();
  });

  it.each([
    ['ahead of the journal', 100],
    ['older than the journal', 1],
  ])('with a history %s is none', async (_how, cursor) => {
    const town = await SmallTown.start();
    await town.readOn();
    town.cursor = cursor;
    await expect(town.backup.make()).rejects.toThrow('the readings end at record');
    expect(town.staged()).toEqual([]);
  });

  it('is given up when the service stops, which waits for it', async () => {
    const town = await SmallTown.start();
    const { backup } = town;
    const order: string[] = [];
    let goOn = () => {};
    town.between = () => new Promise((resolve) => (goOn = resolve));
    const making = backup.make().catch(({ code, message }) => order.push(`${code}: ${message}`));
    const stopping = backup.stop().then(() => order.push('stopped'));
    await new Promise(setImmediate);
    expect(order).toEqual([]);
    goOn();
    await Promise.all([making, stopping]);
    expect(order.sort()).toEqual(['stopped', expect.stringContaining('unavailable: the service is stopping')]);
    expect(town.staged()).toEqual([]);
  });
});
