import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildPage, hasChromium, launchBrowser } from './support/browser.ts';
import { FixtureServer } from './support/fixture-server.ts';
import type { Scene } from './support/fixture-town.ts';

const WALL = { width: 1920, height: 1080 };
const SCREEN = { width: 1280, height: 720 };
const PHONE = { width: 390, height: 844 };
const LOW_CONTRAST = new URL('./support/low-contrast.js', import.meta.url);

describe.skipIf(!hasChromium)('the page (needs chromium)', () => {
  let browser: Browser;
  let server: FixtureServer;
  let address: string;
  let folder: string;
  let context: BrowserContext;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'townpulse-console-'));
    await buildPage(folder);
    server = new FixtureServer(folder);
    address = await server.start();
    browser = await launchBrowser();
  });

  afterEach(() => context.close());

  afterAll(async () => {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  /** Opens the page on a scene, once its figures stand. */
  async function open(scene: Scene, options: BrowserContextOptions = {}, query = ''): Promise<Page> {
    server.show(scene);
    context = await browser.newContext({ locale: 'en-GB', viewport: WALL, ...options });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    await page.goto(`${address}/${query}`);
    await page.getByText('120,045').waitFor();
    await page.getByText(scene === 'empty' ? '/ 0' : '/ 856').waitFor();
    return page;
  }

  const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

  it('fills with the town, without an error or a warning, and asks nobody but the service', async () => {
    server.show('night');
    context = await browser.newContext({ locale: 'en-GB', viewport: WALL });
    const page = await context.newPage();
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => void (message.type() !== 'log' && complaints.push(message.text())));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${address}/`);

    await page.getByRole('heading', { level: 1, name: 'Lailong' }).waitFor();
    await panel(page, 'Lighting rate').locator('.headline').getByText('99.63').waitFor();
    await panel(page, 'Water pressure').getByText('29 of 30 points').waitFor();
    await panel(page, 'Gas leaks').getByText('1.3').waitFor();
    await panel(page, 'Devices').getByText('/ 856 online').waitFor();
    await panel(page, 'Loss ledger').getByText('Balanced: no sample received is missing').waitFor();
    await page.getByText('Trial clock ×10').waitFor();
    await page.getByText('Synthetic data').waitFor();
    await page.waitForRequest((request) => request.url().endsWith('/ledger'));

    expect(complaints).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(address))).toEqual([]);
  });

  it("speaks the browser's language, the address's before it, and remembers a choice", async () => {
    const page = await open('night', { locale: 'zh-CN' });
    await page.getByRole('heading', { level: 1, name: '来龙镇' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');

    await page.goto(`${address}/?lang=en`);
    await page.getByRole('heading', { name: 'Open alerts' }).waitFor();

    await page.getByText('中文').click();
    await page.getByRole('heading', { name: '未结报警' }).waitFor();
    await page.getByText('English').click();
    await page.reload();
    await page.getByRole('heading', { name: 'Open alerts' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });

  it('says by day that no lamp is expected, and what last night came to', async () => {
    const page = await open('day', {}, '?lang=zh');
    const lighting = panel(page, '亮灯率');
    await lighting.locator('.headline').getByText('非照明时段').waitFor();
    await lighting.getByText('昨夜 11-22').waitFor();
    await lighting.getByText('98.21').waitFor();
    await panel(page, '各村亮灯率（昨夜）').waitFor();
  });

  it('lists an open alert with its subject, deciding values, sample, age and whose it is', async () => {
    const page = await open('breach');
    const alerts = panel(page, 'Open alerts').getByRole('listitem');
    expect(await alerts.count()).toBe(9);
    const outage = alerts.filter({ hasText: 'F-028' });
    const text = ((await outage.textContent()) ?? '').replaceAll(/[\s\u202f]+/g, ' ');
    for (const part of [
      'critical',
      'firing',
      'Feeder outage',
      'Voltage 0 V',
      'decided by LC-0028 at 20:25',
      'Urban management bureau',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/20:25 · for \d+ min/);
  });

  it('counts leaking devices, not their alerts, and lists the highest detectors of meters and regulators', async () => {
    const page = await open('breach');
    const gas = panel(page, 'Gas leaks');
    await gas.locator('.headline').getByText('2devices leaking').waitFor();
    await gas.getByText('9 detectors read in the last hour').waitFor();
    const rows = (await gas.getByRole('listitem').allTextContents()).map((row) => row.replaceAll(/[\s\u202f]+/g, ' '));
    expect(rows.slice(0, 3)).toEqual([
      'Gas meter 8 GM-0008✗72.5 %LEL',
      'Regulator 2 GR-0002✗61.4 %LEL',
      'Regulator 6 GR-00061.3 %LEL',
    ]);
  });

  it('says in words that the ledger does not balance, and by how much', async () => {
    const page = await open('breach');
    await panel(page, 'Loss ledger').getByText('Not balanced: 3 samples are unaccounted for').waitFor();
  });

  it('calls no lamp dark when concentrators are silent, and shows the interval they leave open', async () => {
    const page = await open('silent');
    const lighting = panel(page, 'Lighting rate');
    const figure = (name: string) => lighting.locator('.figure', { hasText: name }).locator('dd').textContent();
    expect(await figure('Out')).toBe('10');
    expect(await figure('Unknown')).toBe('304');
    expect((await figure('Interval'))?.replaceAll('\u202f', ' ')).toBe('89.67 % – 99.67 %');
    await lighting.locator('header').getByText('unknown').waitFor();
  });

  it('starts the fault that was chosen, lists it, and stops it', async () => {
    const page = await open('night');
    const faults = panel(page, 'Demo faults');
    await faults.getByLabel('Target').selectOption('F-002');
    await faults.getByLabel('Duration').selectOption('30m');
    await faults.getByRole('button', { name: 'Start fault' }).click();
    await faults.getByText('Feeder outage · Industrial park feeder 2').waitFor();
    expect(server.started).toEqual([{ fault: 'feeder-outage', target: 'F-002', duration: '30m' }]);

    await faults.getByRole('button', { name: /^Stop / }).click();
    await faults.getByText('No fault is running').waitFor();
  });

  it("shows the service's own words when it refuses a fault", async () => {
    const page = await open('night');
    await page.getByRole('button', { name: 'Start fault' }).waitFor();
    server.failing.set('/demo/faults', 'the simulator is stopping');
    await page.getByRole('button', { name: 'Start fault' }).click();
    await panel(page, 'Demo faults').getByRole('alert').getByText('the simulator is stopping').waitFor();
  });

  it('keeps the last figures, grey and with their age, when nobody answers, and recovers by itself', async () => {
    const page = await open('night');
    const stale = page.locator('section[data-stale]');
    const all = await page.locator('section').count();
    expect(await stale.count()).toBe(0);

    server.reachable = false;
    await page.getByRole('alert').getByText('can’t be reached').waitFor();
    await page.getByText('Service unreachable').waitFor();
    expect(await stale.count()).toBe(all);
    await panel(page, 'Lighting rate').locator('.headline').getByText('99.63').waitFor();
    await panel(page, 'Lighting rate')
      .getByText(/data of \d+ s ago/)
      .waitFor();

    server.reachable = true;
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await stale.first().waitFor({ state: 'detached' });
    expect(await stale.count()).toBe(0);
  });

  it('greys only the part that failed and gives the reason', async () => {
    const page = await open('night');
    server.failing.set('/readings', 'history is down');
    await page.getByRole('status').getByText('water pressure: 503 history is down').waitFor();
    const stale = page.locator('section[data-stale]');
    await stale.nth(1).waitFor();
    expect(await stale.getByRole('heading').allTextContents()).toEqual(['Water pressure', 'Gas leaks']);
  });

  it("shows how far the demo's history has come", async () => {
    const page = await open('starting');
    const progress = page.getByRole('progressbar', { name: 'Making the demo’s history' });
    expect(await progress.getAttribute('aria-valuenow')).toBe('43');
  });

  it('says that it signed in by itself, and does so again after the session was lost', async () => {
    const page = await open('night');
    await page.getByText('Demo duty officer, signed in by itself').waitFor();
    const form = page.getByLabel('Access token');
    server.open = false;
    await expect.poll(() => server.open, { timeout: 10_000 }).toBe(true);
    await page.waitForRequest((request) => request.url().endsWith('/ledger'));
    await panel(page, 'Lighting rate').locator('.headline').getByText('99.63').waitFor();
    expect(await form.count()).toBe(0);
    expect(await page.locator('section[data-stale]').count()).toBe(0);
  });

  it('asks for a token where no session is given, and takes the right one only', async () => {
    const page = await open('night');
    server.signsInAlone = false;
    server.open = false;
    await page.getByLabel('Access token').fill('wrong-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The token was not accepted').waitFor();
    expect(await page.getByText('Service ready').count()).toBe(0);
    await page.getByLabel('Access token').fill('correct-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await panel(page, 'Lighting rate').locator('.headline').getByText('99.63').waitFor();
    await page.getByText('Signed in: 王敏').waitFor();
    expect(await page.getByText('Synthetic data').count()).toBe(0);
  });

  for (const [viewport, language] of [[SCREEN, 'zh'] as const, [SCREEN, 'en'] as const, [WALL, 'en'] as const]) {
    it(`shows open alerts without scrolling at ${viewport.width} × ${viewport.height} (${language})`, async () => {
      const page = await open('silent', { viewport }, `?lang=${language}`);
      const alerts = page.locator('section', { has: page.locator('.alert[data-severity]') }).first();
      const third = await alerts.locator('.alert').nth(2).boundingBox();
      expect(third!.y + third!.height).toBeLessThanOrEqual(viewport.height);
      const more = await alerts.getByRole('button').boundingBox();
      expect(more!.y + more!.height).toBeLessThanOrEqual(viewport.height);
    });
  }

  it('lists every open alert when asked to, and says before how many are not listed', async () => {
    const page = await open('silent');
    const alerts = panel(page, 'Open alerts');
    expect(await alerts.getByRole('listitem').count()).toBe(12);
    await alerts.getByRole('button', { name: '3 more not listed: show all' }).click();
    expect(await alerts.getByRole('listitem').count()).toBe(15);
    await alerts.getByRole('button', { name: 'Show the most pressing only' }).click();
    expect(await alerts.getByRole('listitem').count()).toBe(12);
  });

  it('cuts no name', async () => {
    const page = await open('silent', { viewport: WALL }, '?lang=en');
    const cut = await page.evaluate(
      '[...document.querySelectorAll(".point-name, .grid th, .alert span")].filter((e) => getComputedStyle(e).textOverflow === "ellipsis" || (getComputedStyle(e).overflowX === "hidden" && e.scrollWidth > e.clientWidth)).map((e) => e.textContent)',
    );
    expect(cut).toEqual([]);
  });

  it('says spans of time as people do, and the lag with one decimal', async () => {
    const page = await open('silent');
    const first = panel(page, 'Open alerts').getByRole('listitem').first();
    await first.getByText('silent for 20 min · report interval 5 min').waitFor();
    const lag = panel(page, 'Loss ledger').locator('.figure', { hasText: 'Lag' }).locator('dd');
    expect((await lag.textContent())?.replaceAll('\u202f', ' ')).toBe('0.4 s');
  });

  it('lists pressure points by their margin to the limit, and says so', async () => {
    const page = await open('breach');
    const water = panel(page, 'Water pressure');
    await water.getByText('The least margin to the limit first').waitFor();
    await water.getByRole('listitem').first().getByText('limit 0.14, margin −0.022').waitFor();
  });

  it('lets a fault last an hour of town time unless another duration is chosen', async () => {
    const page = await open('night');
    await panel(page, 'Demo faults').getByLabel('Duration (town time)').waitFor();
    await page.getByRole('button', { name: 'Start fault' }).click();
    await expect.poll(() => server.started).toMatchObject([{ duration: '1h' }]);
  });

  it('says so where nothing is registered, instead of showing bare headers', async () => {
    const page = await open('empty');
    for (const [name, sentence] of [
      ['Devices', 'No device is registered yet'],
      ['Lighting rate by area', 'No area has registered lamps yet'],
      ['Feeders with the worst rate', 'No feeder is registered yet'],
      ['Gas leaks', 'No detector was read in the last hour'],
      ['Resolved recently', 'None yet'],
    ] as const) {
      await panel(page, name).getByText(sentence).waitFor();
    }
    expect(await page.locator('table').count()).toBe(0);
  });

  it('asks the town for nothing while nobody is signed in', async () => {
    server.show('night');
    server.signsInAlone = false;
    server.open = false;
    context = await browser.newContext({ locale: 'en-GB', viewport: WALL });
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(`${address}/`);
    await page.getByLabel('Access token').waitFor();
    const { refused } = server;
    await page.clock.runFor(60_000);
    await page.evaluate("fetch('/readyz')");
    expect(refused).toBeLessThanOrEqual(2);
    expect(server.refused).toBe(refused);
    expect(new Set(server.asked)).toEqual(new Set(['/me']));
  });

  const VIEWS: [viewport: BrowserContextOptions['viewport'] & object, language: string, scenes: Scene[]][] = [
    [PHONE, 'zh', ['day', 'breach']],
    [PHONE, 'en', ['silent', 'breach', 'starting']],
    [WALL, 'zh', ['silent']],
    [WALL, 'en', ['breach']],
  ];
  for (const [viewport, language, scenes] of VIEWS) {
    it(`never scrolls sideways at ${viewport.width} px (${language})`, async () => {
      for (const scene of scenes) {
        const page = await open(scene, { viewport }, `?lang=${language}`);
        expect(await page.evaluate('document.documentElement.scrollWidth'), scene).toBeLessThanOrEqual(viewport.width);
        const cut = await page.evaluate(
          '[...document.querySelectorAll("section, section table")].filter((e) => e.scrollWidth > e.clientWidth).length',
        );
        expect(cut, `${scene}: panels wider than their room`).toBe(0);
        await context.close();
      }
    });
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`keeps AA contrast in every word and badge (${colorScheme})`, async () => {
      const script = await readFile(LOW_CONTRAST, 'utf8');
      for (const scene of ['starting', 'silent', 'day'] as const) {
        const page = await open(scene, { colorScheme });
        expect(await page.evaluate(script), scene).toEqual([]);
        await context.close();
      }
      const page = await open('breach', { colorScheme });
      expect(await page.evaluate(script), 'breach').toEqual([]);
      server.reachable = false;
      await page.getByRole('alert').waitFor();
      expect(await page.evaluate(script), 'offline').toEqual([]);
    });
  }

  it('names every control and titles every part, for those who hear the page', async () => {
    const page = await open('breach');
    await page.getByRole('button', { name: 'Start fault' }).waitFor();
    const heard = await page.locator('body').ariaSnapshot();
    expect(heard).toMatch(/- button "Start fault"/);
    expect(
      heard.split('\n').filter((line) => /- (button|combobox|radio|textbox|img|region)\b(?! ")/.test(line)),
    ).toEqual([]);
  });
});
