import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { type RunningService, runService } from '../support/service.ts';
import { typed } from '../support/typed.ts';

/** The service and the thread of a replay take their time to start where others use the machine too. */
const SLOW = { timeout: 90_000 };
const RULES =
  '- { id: low, type: threshold, kind: water-pressure, name: { zh: 低, en: Low }, when: pressure < 140, severity: major }\n';

let service: RunningService;
beforeAll(async () => {
  service = await runService();
}, 90_000);
afterAll(() => service.end());

const period = () => {
  const now = Date.now();
  return ['--from', new Date(now - 3_600_000).toISOString(), '--to', new Date(now + 3_600_000).toISOString()];
};
function rulebook(text: string): string {
  const file = join(temporaryFolder(), 'new.yaml');
  writeFileSync(file, text);
  return file;
}

describe('rules replay', () => {
  it('asks the running service, and prints what each bureau would have seen', SLOW, async () => {
    const { code, out, err } = await service.typed('rules', 'replay', ...period());
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^organisation +were +would be +new +missed +earlier +later$/m);
    expect(out).toMatch(/0 samples; 0 alerts were, 0 would have been, 0 differ/);
    const result = await service.json<object>('rules', 'replay', ...period());
    expect(result).toMatchObject({ samples: 0, alerts: [], more: 0, total: { was: 0, would: 0 } });
  });

  it('refuses a rulebook that is wrong with every problem, and a period that is none: 2', SLOW, async () => {
    const bad = await service.typed('rules', 'replay', ...period(), '--with', rulebook(RULES));
    expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('for 140 kPa write 0.14')]);
    const [, from = '', , to = ''] = period();
    const none = await service.typed('rules', 'replay', '--from', to, '--to', from);
    expect(none.code).toBe(2);
    expect((await service.typed('rules', 'replay', '--from', 'yesterday', '--to', to)).code).toBe(2);
  });

  it('has the rulebook read anew', SLOW, async () => {
    const { code, out } = await service.typed('rules', 'reload');
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^in force: sha256:[0-9a-f]{64}, \d+ rules as they were\n$/),
    ]);
  });
});

describe('rules replay that is interrupted', () => {
  it('calls off what runs in the service, and says so', async () => {
    const asked: string[] = [];
    const server = createServer(({ method = '', url }, response) => {
      asked.push(`${method} ${url}`);
      const state = method === 'DELETE' ? 'cancelled' : 'running';
      const error = method === 'DELETE' ? 'called off' : null;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: 'r1', state, progress: 0.5, error, result: null }));
      if (method === 'GET') process.emit('SIGINT');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = ['--url', `http://127.0.0.1:${port}`, '--token', 'x'];
    const { code, err } = await typed(['rules', 'replay', ...period(), ...url]);
    server.close();
    expect([code, err]).toEqual([1, expect.stringContaining('the replay was cancelled: called off')]);
    const job = '/api/v1/rules/replay';
    expect(asked).toEqual([`POST ${job}`, `GET ${job}/r1`, `DELETE ${job}/r1`]);
  });
});

describe('rules replay without a service', () => {
  it('opens the data directory itself, and says where there is none', SLOW, async () => {
    const other = await runService();
    await other.stop();
    const { code, out, err } = await typed(['rules', 'replay', ...period(), '--json', '--data-dir', other.dataDir]);
    await other.end();
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ samples: 0, total: { was: 0, would: 0 } });
    const nowhere = await typed(['rules', 'replay', ...period(), '--data-dir', temporaryFolder()]);
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('there is no town in')]);
  });
});
