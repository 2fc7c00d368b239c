import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** Whether this machine has the browser that these tests drive (Debian: `apt-get install chromium fonts-noto-cjk`). */
export const hasChromium = existsSync(CHROMIUM);

/** Starts it headless, with everything off that would call home. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

const VITE = fileURLToPath(new URL('../../../node_modules/vite/bin/vite.js', import.meta.url));
const CONSOLE = fileURLToPath(new URL('../../../src/console', import.meta.url));

/** Builds the page as it is shipped into `folder`: in a process of its own, which knows nothing of a test. */
export async function buildPage(folder: string): Promise<void> {
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [VITE, 'build', CONSOLE, '--outDir', folder, '--emptyOutDir'], { env });
}
