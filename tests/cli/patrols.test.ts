import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningService, runService } from './support/service.ts';

let service: RunningService;
beforeAll(async () => {
  service = await runService();
  const where = ['--kind', 'lighting-controller', '--area', 'town-centre', '--organisation', 'urban-management'];
  await service.typed(
    'devices',
    'add',
    'LC-9001',
    ...where,
    '--attribute',
    'lamps=4',
    '--attribute',
    'observation=patrol',
  );
});
afterAll(() => service.end());

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const fileOf = (text: string) => {
  const file = join(temporaryFolder(), 'tonight.csv');
  writeFileSync(file, text);
  return file;
};

describe('patrols import', () => {
  it('hands in what a patrol wrote down', async () => {
    const file = fileOf(
      `# 夜间巡查\ndevice,ts,lit,by,validFor\nLC-9001,${ago(20)},3,王,7d\nLC-9001,${ago(10)},亮,李,\n`,
    );
    const taken = await service.json<{ device: string; lit: number; by: string }[]>('patrols', 'import', file);
    expect(taken).toMatchObject([
      { device: 'LC-9001', lit: 3, by: '王' },
      { device: 'LC-9001', lit: 4, by: '李' },
    ]);
  });

  it('is refused whole with what is wrong', async () => {
    const { code, err } = await service.typed(
      'patrols',
      'import',
      fileOf(`device,ts,lit,by\nLC-9002,${ago(5)},1,王\n`),
    );
    expect([code, err]).toEqual([2, expect.stringContaining('no device LC-9002 is registered')]);
    const missing = await service.typed('patrols', 'import', '/nowhere/tonight.csv');
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('cannot be read')]);
  });
});
