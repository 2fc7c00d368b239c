import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { CsvError, parse } from 'csv-parse';
import { messageOf, TownError } from '../../kernel/errors.ts';

/** Bytes in which the header of a CSV stands. */
const HEAD = 65_536;

/** A cell as a file has it; an empty one of a CSV is ''. */
export type Cell = unknown;

/** A row of a file; of Parquet, `line` is its number, from 1. */
export interface TableRow {
  line: number;
  cells: readonly Cell[];
}

/** Reads a table row by row, in constant memory; the first row is its header. @throws TownError `invalid` with the line */
export function readTable(file: string): AsyncIterable<TableRow> {
  return /\.parquet$/i.test(file) ? readParquet(file) : readCsv(file);
}

async function* readCsv(file: string): AsyncIterable<TableRow> {
  const delimiter = await delimiterOf(file);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parser = parse({
    ...{
      bom: true,
      comment: '#',
      comment_no_infix: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    },
    delimiter,
  });
  const texts = async function* () {
    for await (const chunk of createReadStream(file)) yield decoder.decode(chunk as Buffer, { stream: true });
    yield decoder.decode();
  };
  // What goes wrong before the parser is thrown where its rows are read.
  const feeding = pipeline(Readable.from(texts()), parser).catch(() => {});
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      // csv-parse counts to the end of a record; a quoted cell may hold line breaks.
      const line = info.lines - (record.join('').match(/\r\n|\r|\n/g)?.length ?? 0);
      yield { line, cells: record.map((cell) => cell.trim()) };
    }
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    parser.destroy();
    await feeding;
  }
}

/** What the header of a CSV is divided by: `,`, or `;` or a tab as Excel writes where the comma is the decimal one. */
async function delimiterOf(file: string): Promise<string> {
  let head = '';
  try {
    for await (const chunk of createReadStream(file, { end: HEAD - 1, encoding: 'latin1' })) head += chunk;
  } catch (error) {
    throw unreadable(file, error);
  }
  const header = head.split(/\r\n|\r|\n/).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  const bare = header.replaceAll(/"[^"]*"/g, '');
  const often = (sign: string) => bare.split(sign).length;
  return [',', ';', '\t'].reduce((best, sign) => (often(sign) > often(best) ? sign : best));
}

async function* readParquet(file: string): AsyncIterable<TableRow> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '128MiB', threads: '1' });
  const connection = await instance.connect();
  try {
    await access(file);
    const result = await connection.stream('FROM read_parquet($1)', [file]);
    yield { line: 0, cells: result.columnNames() };
    let line = 0;
    for await (const rows of result.yieldRowsJs()) for (const cells of rows) yield { line: ++line, cells };
  } catch (error) {
    if (error instanceof TownError || (error as NodeJS.ErrnoException).code !== undefined)
      throw unreadable(file, error);
    // Of what DuckDB says only the first line is about the file, the others about our question.
    const [words = ''] = messageOf(error).split('\n');
    throw unreadable(file, new Error(`is no Parquet file, or a broken one; write it again (${words})`));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function unreadable(file: string, error: unknown): TownError {
  if (error instanceof TownError) return error;
  const isText = error instanceof TypeError && /encoded data/.test(error.message);
  const line = error instanceof CsvError ? `line ${(error as CsvError & { lines?: number }).lines}` : 'file';
  const message = isText
    ? 'is not UTF-8: save it as "CSV UTF-8" (iconv -f gb18030 -t utf-8 turns one of an older Excel)'
    : messageOf(error);
  return new TownError('invalid', `${file} cannot be read`, { cause: error, problems: [{ path: line, message }] });
}
