/** Prints rows under their headings, columns as wide as what is in them; Chinese characters count double. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): void {
  const cells = [
    headings,
    ...rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '' : String(cell)))),
  ];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  for (const row of cells) {
    const line = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))).join('  ');
    console.log(line.trimEnd());
  }
}

/** Columns a text takes on a terminal: East Asian wide characters take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
      character,
    )
      ? 2
      : 1;
  return width;
}
