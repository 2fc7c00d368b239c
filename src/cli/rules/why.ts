import type { Account } from '../../rules/why/why.ts';
import { Client, type ClientOptions, clientCommand } from '../client.ts';
import { printTable } from '../table.ts';

interface Options extends ClientOptions {
  lang?: string;
}

/** `townpulse rules why` */
export function whyCommand() {
  return clientCommand(
    'why <rule> <subject>',
    'says why a subject stands by a rule as it does',
    'rules why low-pressure WP-0001',
  )
    .option('--lang <zh|en>', "in this language; the terminal's unless said")
    .action(run);
}

async function run(rule: string, subject: string, { lang, ...options }: Options): Promise<void> {
  const path = `/rules/${encodeURIComponent(rule)}/why?${new URLSearchParams({ subject })}`;
  const account = await new Client(options).ask<Account>('GET', path);
  if (options.json) return console.log(JSON.stringify(account, null, 2));
  const language = (lang ?? process.env.LANG ?? 'en').startsWith('zh') ? 'zh' : 'en';
  for (const sentence of account.sentences[language]) console.log(sentence);
  if (account.samples.length > 0) {
    console.log('');
    printTable(
      ['device', 'measured', 'arrived', 'values'],
      account.samples.map(({ device, ts, receivedAt, values }) => [device, ts, receivedAt, JSON.stringify(values)]),
    );
  }
  if (account.timeline.length === 0) return;
  console.log('');
  printTable(
    ['at', 'alert', 'state', 'reason', 'by'],
    account.timeline.map(({ at, alert, text, reason, by }) => [at, alert.slice(0, 8), text[language], reason, by]),
  );
}
