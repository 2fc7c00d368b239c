import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { holderOf } from '../../kernel/data-directory.ts';
import { freeBytesOf } from '../../kernel/disk.ts';
import { messageOf, TownError } from '../../kernel/errors.ts';
import { openStore, STORE_FILE } from '../../kernel/store.ts';
import { type Finding, fine, wrong } from './finding.ts';

const CHECK = 'data directory';
const MIB = 1024 ** 2;
/** statfs(2) types of disks that lie on another machine: LMDB maps its file, which does not work there. */
const REMOTE: Record<number, string> = { 26985: 'NFS', 4283649346: 'SMB', 4266872130: 'SMB' };
/** Of these nobody else may read a word. */
const SECRETS = ['cli.token', 'simulator-secrets.json'];

/** What the system says of a directory; given by tests that cannot fill a disk or be another user. */
export interface Surroundings {
  user: number;
  freeBytes(directory: string): number;
  diskType(directory: string): number;
}

const system: Surroundings = {
  user: process.geteuid?.() ?? 0,
  freeBytes: freeBytesOf,
  diskType: (directory) => statfsSync(directory).type,
};

/**
 * Whether the data directory can be used: rights, disk, lock and format. Below `floor` free bytes no reading is
 * acknowledged (P5).
 */
export async function checkDataDirectory(
  directory: string,
  floor: number,
  around: Surroundings = system,
): Promise<Finding[]> {
  if (!existsSync(directory)) return [checkNew(directory)];
  const rights = checkRights(directory, around.user);
  if (rights.some(({ ok }) => !ok)) return rights;
  const { said, running } = checkLock(directory);
  // Looking into it would leave files of this user there, and a process that runs could open it.
  const format = running || !existsSync(join(directory, STORE_FILE)) ? [] : [await checkFormat(directory)];
  return [...rights, ...checkSecrets(directory), ...checkDisk(directory, floor, around), ...said, ...format];
}

/** Whether a process holds the directory, and which. */
export function runningOn(directory: string): number | null {
  const holder = holderOf(directory);
  return holder?.alive === true ? holder.pid : null;
}

function checkNew(directory: string): Finding {
  let parent = dirname(resolve(directory));
  while (!existsSync(parent)) parent = dirname(parent);
  if (statSync(parent).isDirectory() && may(parent, constants.W_OK))
    return fine(CHECK, `${directory} is not there yet; the first start makes it`);
  return wrong(
    CHECK,
    `${directory} is not there, and cannot be made in ${parent}`,
    `make it: mkdir ${directory}, and give it to the user that Townpulse runs as`,
  );
}

function checkRights(directory: string, user: number): Finding[] {
  const { uid } = statSync(directory);
  if (user === 0 && uid !== 0) {
    const todo = `run townpulse as that user: sudo -u '#${uid}' townpulse doctor`;
    return [
      wrong(
        CHECK,
        `${directory} belongs to user ${uid}, and this is root: what root makes there, that user cannot write`,
        todo,
      ),
    ];
  }
  if (!may(directory, constants.R_OK | constants.W_OK | constants.X_OK)) {
    return [
      wrong(
        CHECK,
        `${directory} (of user ${uid}) may not be read and written by user ${user}`,
        `run townpulse as user ${uid}, or: chown -R ${user} ${directory}`,
      ),
    ];
  }
  const entries = readdirSync(directory);
  const closed = entries.filter((name) => !may(join(directory, name), constants.R_OK | constants.W_OK));
  if (closed.length > 0) {
    return [
      wrong(
        CHECK,
        `user ${user} may not read and write ${closed.join(', ')} in ${directory}`,
        `chown -R ${user} ${directory}`,
      ),
    ];
  }
  if (entries.includes('restore.partial')) {
    return [wrong(CHECK, `a restore into ${directory} was broken off`, 'empty it, and restore again')];
  }
  return [fine(CHECK, `${resolve(directory)} can be read and written`)];
}

function checkSecrets(directory: string): Finding[] {
  return SECRETS.map((name) => join(directory, name))
    .filter((file) => existsSync(file) && (statSync(file).mode & 0o077) !== 0)
    .map((file) => wrong(CHECK, `${file} holds secrets and may be read by others`, `chmod 600 ${file}`));
}

function checkDisk(directory: string, floor: number, { freeBytes, diskType }: Surroundings): Finding[] {
  const free = freeBytes(directory);
  const remote = REMOTE[diskType(directory)];
  const shown = `${Math.floor(free / MIB)} MiB are free on its disk`;
  return [
    free >= floor
      ? fine('disk', shown)
      : wrong(
          'disk',
          `${shown}, and below ${floor / MIB} MiB no reading is taken`,
          'make room, or move the data to a larger disk',
        ),
    ...(remote === undefined
      ? []
      : [
          wrong(
            'disk',
            `${directory} lies on ${remote}, where the store cannot keep its word`,
            'put the data directory on a disk of this machine',
          ),
        ]),
  ];
}

function checkLock(directory: string): { said: Finding[]; running: boolean } {
  const holder = holderOf(directory);
  if (holder === null) return { said: [fine('lock', 'nobody holds the data directory')], running: false };
  const { pid, alive } = holder;
  const says = alive
    ? `process ${pid} holds the data directory`
    : `process ${pid} left its lock and is gone; the next start takes it over`;
  return { said: [fine('lock', says)], running: alive };
}

async function checkFormat(directory: string): Promise<Finding> {
  try {
    const store = await openStore(directory);
    await store.close();
    return fine('format', 'this version can read the data');
  } catch (error) {
    const isNewer = error instanceof TownError && error.code === 'data-newer';
    const todo = isNewer
      ? 'start the newer Townpulse, or restore a backup that this one made'
      : 'move the data away and restore a backup into the empty directory: townpulse restore FILE';
    return wrong('format', messageOf(error), todo);
  }
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
