import type { Alert } from '../model/alert.ts';
import type { Device } from '../model/device.ts';
import type { Kind } from '../model/kind.ts';
import type { Ledger } from '../model/ledger.ts';
import type { Name } from '../model/primitives.ts';
import type { Area, Organisation } from '../model/town.ts';
import type { Verdict } from '../model/verdict.ts';
import { Session } from './session.ts';

/** A request that brought nothing: the answer's status and its own words, or no status when there was no answer. */
export class ApiFailure extends Error {
  readonly status: number | null;

  constructor(status: number | null, message: string) {
    super(message);
    this.name = 'ApiFailure';
    this.status = status;
  }
}

/** `GET /api/v1/clock`: the town's time, and the zone its calendar is kept in. */
export interface TownClock {
  now: string;
  trial: boolean;
  speed: number;
  timeZone?: string;
}

/** `GET /readyz`, ready or not. */
export interface Readiness {
  status: 'ready' | 'not ready';
  checks: Record<string, string>;
}

/** The rate of a group of lamps (CONTRACT.md §4); by day nothing is expected and the rates are null. */
export interface LightingRate {
  group: 'town' | 'village' | 'road' | 'class' | 'feeder';
  id: string;
  name: Name;
  dark: boolean;
  expected: number;
  lit: number;
  out: number;
  unknown: number;
  low: number | null;
  high: number | null;
  reported: number | null;
  coverage: number | null;
  target: number;
  verdict: Verdict;
  reason: string | null;
  at: string;
  lastNight?: NightRate | null;
}

/** What a night came to, once it was over. */
export interface NightRate {
  date: string;
  low: number | null;
  high: number | null;
  reported: number | null;
  verdict: Verdict;
}

/** A device as `GET /devices` lists it: with the worst verdict of its rules. */
export type ListedDevice = Device & { verdict: Verdict };

/** One gas concentration that a detector reported, %LEL. */
export interface LeakReading {
  ts: string;
  device: string;
  leak: number;
}

/** A bucket of readings of one device, under the names of the aggregates asked for. */
export interface Bucket {
  ts: string;
  device: string;
  mean?: number;
}

/** A kind of fault that the simulated town can be given, and what it can be given to. */
export interface FaultKind {
  fault: string;
  targets: { id: string; name: Name }[];
}

/** A fault that is on. */
export interface RunningFault {
  id: string;
  fault: string;
  target: string;
  startedAt: string;
  endsAt: string;
}

interface Page<T> {
  items: T[];
  next: string | null;
}

/** The session that everything below is asked in. */
export const session = new Session((url, init) => fetch(url, init));

const BASE = '/api/v1';
const HOUR_MS = 3_600_000;

export const readClock = (signal: AbortSignal) => get<TownClock>('/clock', signal);
export const readLedger = (signal: AbortSignal) => get<Ledger>('/ledger', signal);
export const readTownRate = (signal: AbortSignal) => list<LightingRate>('/lighting-rate/now?group=town', signal);
export const readVillageRates = (signal: AbortSignal) => list<LightingRate>('/lighting-rate/now?group=village', signal);
export const readFeederRates = (signal: AbortSignal) => list<LightingRate>('/lighting-rate/now?group=feeder', signal);
export const readOpenAlerts = (signal: AbortSignal) => list<Alert>('/alerts?state=open&limit=1000', signal);
export const readDevices = (signal: AbortSignal) => list<ListedDevice>('/devices?limit=1000', signal);
export const readAreas = (signal: AbortSignal) => list<Area>('/areas', signal);
export const readOrganisations = (signal: AbortSignal) => list<Organisation>('/organisations', signal);
export const readKinds = (signal: AbortSignal) => list<Kind>('/kinds', signal);
export const readRunningFaults = (signal: AbortSignal) => list<RunningFault>('/demo/faults', signal);

/** The first page of resolved alerts, newest first. */
export async function readResolvedAlerts(signal: AbortSignal): Promise<Alert[]> {
  return (await get<Page<Alert>>('/alerts?state=resolved&limit=10', signal)).items;
}

/** Kinds of fault, or none at all where the service runs no simulated town. */
export async function readFaultKinds(signal: AbortSignal): Promise<FaultKind[]> {
  try {
    return await list<FaultKind>('/demo/faults/kinds', signal);
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return [];
    throw error;
  }
}

/** Five-minute means of every pressure point's pressure over the last hour of town time. */
export const readPressures = async (signal: AbortSignal) =>
  list<Bucket>(
    `/readings?kind=water-pressure&metric=pressure&groupBy=device&bucket=5m&agg=mean&${await lastHour(signal)}`,
    signal,
  );

// The kinds that can have a gas detector; those of their devices that have none report no `leak`.
const DETECTOR_KINDS = ['gas-regulator', 'gas-meter'];

/** The gas concentrations that all detectors reported over the last hour of town time. */
export async function readLeaks(signal: AbortSignal): Promise<LeakReading[]> {
  const range = await lastHour(signal);
  const ofKinds = DETECTOR_KINDS.map((kind) =>
    list<LeakReading>(`/readings?kind=${kind}&metric=leak&${range}`, signal),
  );
  return (await Promise.all(ofKinds)).flat();
}

/** `GET /readyz`. 503 is an answer like another here: it says which part is not ready. */
export async function readReadiness(signal: AbortSignal): Promise<Readiness> {
  const response = await request('/readyz', { signal });
  if (!response.ok && response.status !== 503) throw await failure(response);
  return (await response.json()) as Readiness;
}

/** Starts a fault; `duration` as `15m`. Throws an {@link ApiFailure} with the service's words when it is refused. */
export async function startFault(fault: string, target: string, duration: string): Promise<void> {
  await send('POST', '/demo/faults', { fault, target, duration });
}

/** Ends a fault before its time. */
export async function stopFault(id: string): Promise<void> {
  await send('DELETE', `/demo/faults/${encodeURIComponent(id)}`);
}

/** Exchanges a token for the session's cookie. */
export async function signIn(token: string): Promise<void> {
  const response = await session.begin(token);
  if (!response.ok) throw await failure(response);
}

/** The last hour of town time as a question asks for it. */
async function lastHour(signal: AbortSignal): Promise<string> {
  const { now } = await readClock(signal);
  const to = Date.parse(now);
  return `from=${new Date(to - HOUR_MS).toISOString()}&to=${new Date(to).toISOString()}&limit=1000`;
}

/** Every item of a list, page by page. */
async function list<T>(path: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const next: string = cursor === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
    const page: Page<T> = await get(`${path}${next}`, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

async function get<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await request(`${BASE}${path}`, { signal });
  if (!response.ok) throw await failure(response);
  return (await response.json()) as T;
}

async function send(method: string, path: string, body?: object): Promise<void> {
  const content =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await request(`${BASE}${path}`, { method, ...content });
  if (!response.ok) throw await failure(response);
}

async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    return await session.ask(url, init);
  } catch (cause) {
    throw new ApiFailure(null, cause instanceof Error ? cause.message : String(cause));
  }
}

/** The problem that the service named (RFC 9457), or the bare status where it named none. */
async function failure(response: Response): Promise<ApiFailure> {
  try {
    const problem = (await response.json()) as { detail?: string; title?: string };
    return new ApiFailure(response.status, problem.detail ?? problem.title ?? response.statusText);
  } catch {
    return new ApiFailure(response.status, response.statusText);
  }
}
