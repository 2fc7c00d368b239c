import type { Language } from './words.ts';

/** The language asked for in the address (`?lang=zh|en`), chosen before, or else the browser's. */
export function languageOf(search: string, stored: string | null, browser: string): Language {
  const asked = new URLSearchParams(search).get('lang') ?? stored ?? browser;
  return asked.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}
