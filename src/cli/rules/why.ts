import { localTime } from '../../model/local-time.ts';
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

const HEADS = {
  samples: {
    zh: ['设备', '测量时间', '到达时间', '数值'],
    en: ['device', 'measured', 'arrived', 'values'],
  },
  timeline: {
    zh: ['时间', '报警', '状态', '原因', '操作者'],
    en: ['at', 'alert', 'state', 'reason', 'by'],
  },
};

async function run(rule: string, subject: string, { lang, ...options }: Options): Promise<void> {
  const path = `/rules/${encodeURIComponent(rule)}/why?${new URLSearchParams({ subject })}`;
  const account = await new Client(options).ask<Account>('GET', path);
  if (options.json) return console.log(JSON.stringify(account, null, 2));
  /** On the town's clock, as the sentences tell it. */
  const time = (at: string) => localTime(Date.parse(at), account.timeZone).slice(0, 19).replace('T', ' ');
  const language = (lang ?? process.env.LANG ?? 'en').startsWith('zh') ? 'zh' : 'en';
  for (const sentence of account.sentences[language]) console.log(sentence);
  if (account.samples.length > 0) {
    console.log('');
    printTable(
      HEADS.samples[language],
      account.samples.map(({ device, ts, receivedAt, values }) => [
        ...[device, time(ts), receivedAt === null ? null : time(receivedAt)],
        Object.entries(values)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
      ]),
    );
  }
  if (account.timeline.length === 0) return;
  console.log('');
  printTable(
    HEADS.timeline[language],
    account.timeline.map(({ at, alert, text, because, by }) => [
      ...[time(at), alert.slice(0, 8), text[language], because[language], by],
    ]),
  );
}
