import { messageOf } from '../../kernel/errors.ts';
import type { Ledger } from '../../model/ledger.ts';
import { type Finding, fine, wrong } from './finding.ts';

/** How long the service may take over an answer, ms. */
const PATIENCE = 10_000;
/** Of the journal's bound: devices have to wait soon. */
const NEARLY_FULL = 0.8;

/** The running service: how it is, whether it knows the token, and whether its ledger balances. */
export async function checkService(url: string, token: string | undefined): Promise<Finding[]> {
  let readiness: { checks: Record<string, string> };
  try {
    readiness = (await ask(`${url}/readyz`)).json as typeof readiness;
    if (typeof readiness?.checks !== 'object') throw new Error('it answers, but not as Townpulse does');
  } catch (error) {
    const todo = 'look at its log; start it again if it hangs; name its address with --url or TOWNPULSE_URL';
    return [wrong('service', `${url} does not answer: ${messageOf(error)}`, todo)];
  }
  const bad = Object.entries(readiness.checks).filter(([part, said]) => isBad(part, said));
  const findings = bad.map(([part, said]) => wrong('service', `${part}: ${said}`, ADVICE[part] ?? 'look at its log'));
  if (bad.length === 0) findings.push(fine('service', `${url} is ready`));
  return [...findings, ...(await checkToken(url, token))];
}

const ADVICE: Record<string, string> = {
  journal: 'make room on the disk, or bring the history back: what is waited for stands above',
  history: 'bring the history store back: readings wait in the journal meanwhile and nothing is lost',
  rules: 'look at its log, and report what stands there',
};

/** A clock on trial and a demo that makes its history are no trouble. */
function isBad(part: string, said: string): boolean {
  return said !== 'ok' && part !== 'clock' && part !== 'demo';
}

async function checkToken(url: string, token: string | undefined): Promise<Finding[]> {
  if (token === undefined) {
    const todo = 'give it with --token or TOWNPULSE_TOKEN; the administrator’s lies in cli.token of the data directory';
    return [wrong('token', 'there is no API token to ask with', todo)];
  }
  try {
    const { status, json } = await ask(`${url}/api/v1/ledger`, token);
    if (status === 401) {
      const todo =
        'give the right one with --token or TOWNPULSE_TOKEN; it lies in cli.token, or is TOWNPULSE_ADMIN_TOKEN of the service';
      return [wrong('token', 'the service does not know this API token', todo)];
    }
    if (status !== 200)
      return [wrong('token', `the service answers ${status} to a question for its ledger`, 'look at its log')];
    return [fine('token', 'the API token is known'), ...checkLedger(json as Ledger)];
  } catch (error) {
    return [wrong('token', `${url} does not answer: ${messageOf(error)}`, 'look at its log')];
  }
}

/** What the ledger gives away. */
export function checkLedger({ received, balanced, history }: Ledger): Finding[] {
  const full = history.journalBytes / history.journalMaxBytes;
  const findings = [
    balanced
      ? fine('ledger', `balanced over ${received} samples`)
      : wrong(
          'ledger',
          'not balanced: samples are missing or counted twice',
          'keep a backup of the data directory, and report it with GET /api/v1/ledger',
        ),
  ];
  if (full >= NEARLY_FULL) {
    const says = `${Math.floor(full * 100)} % of the journal's bound wait for the slowest reader; at 100 % devices have to wait`;
    findings.push(wrong('ledger', says, 'bring the history store back, or raise TOWNPULSE_JOURNAL_MAX_BYTES'));
  }
  return findings;
}

async function ask(url: string, token?: string): Promise<{ status: number; json: unknown }> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE) });
    return { status: response.status, json: await response.json() };
  } catch (error) {
    throw (error as Error).cause ?? error;
  }
}
