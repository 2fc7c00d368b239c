import { describe, expect, it } from 'vitest';
import { WORDS } from '../../src/console/words.ts';
import { AlertState, Severity } from '../../src/model/alert.ts';
import { Verdict } from '../../src/model/verdict.ts';

/** Every word by its path; a word with gaps is spoken with 2 in each. */
function spoken(words: object, path = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, word] of Object.entries(words)) {
    const here = `${path}${key}`;
    if (typeof word === 'string') all.set(here, word);
    else if (typeof word === 'function') all.set(here, String(word(2, 2, 2)));
    else for (const [deeper, text] of spoken(word, `${here}.`)) all.set(deeper, text);
  }
  return all;
}

describe('the words of the page', () => {
  const zh = spoken(WORDS.zh);
  const en = spoken(WORDS.en);

  it('has every word in both languages', () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort());
  });

  it('has no empty word', () => {
    const empty = [...zh, ...en].filter(([, text]) => text.trim() === '').map(([path]) => path);
    expect(empty).toEqual([]);
  });

  it('leaves no Chinese in the English words', () => {
    expect([...en].filter(([, text]) => /\p{Script=Han}/u.test(text))).toEqual([]);
  });

  it.each(['zh', 'en'] as const)('names every verdict, alert state and severity of the model (%s)', (language) => {
    const { verdict, state, severity } = WORDS[language];
    expect(Object.keys(verdict).sort()).toEqual([...Verdict.options].sort());
    expect(Object.keys(state).sort()).toEqual([...AlertState.options].sort());
    expect(Object.keys(severity).sort()).toEqual([...Severity.options].sort());
  });

  it('says 异常报文 of dead letters, never 死信', () => {
    expect([...zh.values()].join()).not.toContain('死信');
  });
});
