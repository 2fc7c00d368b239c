import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../src/kernel/package-root.ts';
import { readDockerfile } from './compose.ts';

const run = promisify(execFile);
const MOST = 64 * 1024 * 1024;

/** What `COPY . .` of the Dockerfile brings into `folder`: the files of a clean clone that .dockerignore leaves. */
export async function copyContext(folder: string): Promise<string[]> {
  const { stdout } = await run('git', ['ls-files'], { cwd: packageRoot, maxBuffer: MOST });
  const patterns = readFileSync(join(packageRoot, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(/|$)`));
  const files = stdout.split('\n').filter((file) => file !== '' && !patterns.some((pattern) => pattern.test(file)));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(packageRoot, file), join(folder, file));
  }
  return files;
}

/** The program of the image's Node, from the npm registry, in a folder that it can be mounted from. */
export async function imageNode(folder: string): Promise<string> {
  const from = readDockerfile().find(({ name }) => name === 'FROM')?.text ?? '';
  const version = /^node:([\d.]+)-/.exec(from)?.[1];
  const { stdout } = await run('npx', ['-y', '-p', `node@${version}`, 'node', '-p', 'process.execPath'], {
    cwd: folder,
  });
  mkdirSync(join(folder, 'node'));
  copyFileSync(stdout.trim(), join(folder, 'node/node'));
  return join(folder, 'node');
}

/** Runs deploy/assemble.sh of a checkout with that Node, and gives how long it took, s. */
export async function assemble(checkout: string, node: string, to: string): Promise<number> {
  const began = performance.now();
  const env = { PATH: `${node}:${process.env.PATH}`, HOME: process.env.HOME };
  await run('bash', [join(checkout, 'deploy/assemble.sh'), to], { env, maxBuffer: MOST });
  return (performance.now() - began) / 1_000;
}
