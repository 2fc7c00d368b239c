import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boardFiles } from '../../dashboards/boards.ts';
import { Facts } from '../../dashboards/facts.ts';
import { DEVICES_FOLDER, TOWN_FOLDER } from '../simulators/support/town.ts';
import { committedBoards, DASHBOARDS, panelsOf } from './support/grafana.ts';

const facts = Facts.read(TOWN_FOLDER, DEVICES_FOLDER);
const made = boardFiles(facts);
const boards = [...committedBoards()];

it.each(['nourl', 'https://', 'desk.example', 'ftp://desk.example'])('%s is no address of a service', (service) => {
  expect(() => boardFiles(facts, service)).toThrow('write https://desk.example');
});

describe('the committed boards', () => {
  it.each([...made])('%s is as `npm run dashboards` makes it', (file, text) => {
    expect(readFileSync(join(DASHBOARDS, file), 'utf8'), 'stale: run `npm run dashboards` and commit').toBe(text);
  });

  it('are those that are made, and no other', () => {
    expect(boards.map(([file]) => file).sort()).toEqual([...made.keys()].sort());
  });
});

describe.each(boards)('%s', (_file, board) => {
  it('numbers its panels, each once, and lays none over another or beyond the edge', () => {
    const everything = (board.panels ?? []).flatMap((panel) => [panel, ...('panels' in panel ? panel.panels : [])]);
    const ids = everything.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of everything) {
      const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 };
      expect(w * h, title).toBeGreaterThan(0);
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(taken, `${title} lies over another`).not.toContain(`${column} ${line}`);
          taken.add(`${column} ${line}`);
        }
      }
    }
  });

  it('asks for no measurement and no field by another name than the kinds’, and escapes what its reader chose', () => {
    const tags = (board.templating.list ?? []).map(({ name }) => name);
    for (const { title, targets } of panelsOf(board)) {
      for (const { query } of targets) {
        for (const [whole, name = ''] of query.matchAll(/\$(\w+)/g)) {
          if (name === 'timeFilter' || name === '__interval') continue;
          expect(tags, title).toContain(name);
          expect(query.replaceAll(`=~ /^$${name}$/`, ''), `${title}: ${whole} beyond a regex`).not.toContain(whole);
        }
      }
    }
  });
});

it('boards of both languages ask the same, in the same places', () => {
  const [zh, en] = ['zh', 'en'].map((language) =>
    boards.filter(([file]) => file.startsWith(language)).map(([, board]) => board),
  );
  const asked = (list: typeof zh) =>
    list?.map((board) => [
      board.templating.list?.map(({ name, query }) => [name, query]),
      panelsOf(board).map(({ id, type, gridPos, targets }) => [id, type, gridPos, targets.map(({ query }) => query)]),
    ]);
  expect(asked(zh)).toEqual(asked(en));
  expect(zh?.map(({ uid }) => uid?.replace('-zh-', '-en-'))).toEqual(en?.map(({ uid }) => uid));
});

it('a board in English holds no Chinese, and one in Chinese has no title without', () => {
  for (const [file, board] of boards) {
    const titles = [board.title, ...panelsOf(board).map(({ title }) => title)];
    for (const title of titles)
      expect(/\p{Script=Han}/u.test(title ?? ''), `${file}: ${title}`).toBe(file.startsWith('zh'));
  }
});

it('every link within the boards leads to a board', () => {
  const uids = boards.map(([, { uid }]) => uid);
  for (const [file, board] of boards) {
    const found = [...JSON.stringify(board).matchAll(/\/d\/([\w-]+)/g)].map(([, uid]) => uid);
    expect(found.length, file).toBeGreaterThan(0);
    for (const uid of found) expect(uids, file).toContain(uid);
  }
});
