import type { TestedFile } from '../../offline.ts';
import { faults, picture } from './picture.ts';

/** What came of tests as JUnit XML, which build servers read; a file that cannot be read is an error in its suite. */
export function junitOf(files: readonly TestedFile[]): string {
  const suites = files.map(({ path, problems, outcomes }) => {
    const failures = outcomes.filter(({ isRight }) => !isRight).length;
    const ms = outcomes.reduce((sum, outcome) => sum + outcome.ms, 0);
    const errors = problems.length > 0 ? 1 : 0;
    const cases = outcomes.map((outcome) => {
      const [, line = '1'] = /:(\d+):\d+$/.exec(outcome.place) ?? [];
      const head = `    <testcase classname="${xml(outcome.rules.join(', '))}" name="${xml(outcome.name)}" file="${xml(path)}" line="${line}" time="${seconds(outcome.ms)}"`;
      if (outcome.isRight) return `${head}/>`;
      const message = faults(outcome.rows).join('; ');
      return `${head}>\n      <failure message="${xml(message)}">${xml(picture(outcome))}</failure>\n    </testcase>`;
    });
    if (errors > 0) {
      const text = problems.map((problem) => `${problem.path}: ${problem.message}`).join('\n');
      cases.push(
        `    <testcase classname="file" name="${xml(path)}"><error message="the file is wrong">${xml(text)}</error></testcase>`,
      );
    }
    const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}"`;
    return [`  <testsuite name="${xml(path)}" ${counts} time="${seconds(ms)}">`, ...cases, '  </testsuite>'].join('\n');
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n');
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' };
function xml(text: string): string {
  return text.replace(/[&<>"\n]/g, (letter) => ENTITIES[letter] ?? letter);
}
