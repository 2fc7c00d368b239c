import { expect, it, vi } from 'vitest';
import { printTable } from '../../src/cli/table.ts';

function printed(...[headings, rows]: Parameters<typeof printTable>): string[] {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)));
  printTable(headings, rows);
  log.mockRestore();
  return lines;
}

it('makes its columns as wide as what is in them; what is not there is empty', () => {
  expect(
    printed(
      ['id', 'value'],
      [
        ['WP-0001', 3],
        ['A', null],
        ['B', undefined],
      ],
    ),
  ).toEqual(['id       value', 'WP-0001  3', 'A', 'B']);
});

it('counts a Chinese character as two columns, as a terminal does', () => {
  expect(
    printed(
      ['name', 'at'],
      [
        ['来龙镇', '1'],
        ['ab', '2'],
        ['（测）', '3'],
      ],
    ),
  ).toEqual(['name    at', '来龙镇  1', 'ab      2', '（测）  3']);
});
