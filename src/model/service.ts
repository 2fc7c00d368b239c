import type { Subject } from './alert.ts';
import type { Device } from './device.ts';
import type { Kind } from './kind.ts';

/** How the service itself does, as a tick tells it, in the units of {@link SERVICE}. */
export type ServiceState = {
  historyLag: number;
  backlog: number;
  journalFull: number;
  diskHeadroom: number;
  lettersPurged: number;
};

/** Who knows how the service does. */
export interface ServiceParts {
  history: { progress(): { cursor: number } };
  /** Real seconds that the oldest record waits for the history. */
  lagSeconds(): number;
  journal: { bytesFrom(offset: number): number; liveBytes(): number };
  /** Bytes that could be written. */
  store: { writable(): number };
  letters: { purgedLately(now: number): number };
}

const MIB = 1024 ** 2;

/** How the service does at `now` (ms), by its own bounds in bytes. */
export function serviceState(
  bounds: { journal: { maxBytes: number }; disk: { floor: number } },
  { history, lagSeconds, journal, store, letters }: ServiceParts,
  now: number,
): ServiceState {
  return {
    historyLag: Math.round(lagSeconds()),
    backlog: Math.round(journal.bytesFrom(history.progress().cursor) / MIB),
    journalFull: Math.floor((journal.liveBytes() * 100) / bounds.journal.maxBytes),
    diskHeadroom: Math.floor((store.writable() - bounds.disk.floor) / MIB),
    lettersPurged: letters.purgedLately(now),
  };
}

/** The service itself as a kind: what rules of `kind: service` may ask for. No device is of it. */
export const SERVICE: Kind = {
  id: 'service',
  name: { zh: '镇脉服务', en: 'Townpulse' },
  reportInterval: 5,
  power: 'always',
  fields: {
    historyLag: { type: 'number', unit: 's', name: { zh: '历史库滞后', en: 'History behind by' } },
    backlog: { type: 'number', unit: 'MiB', name: { zh: '待写入历史库', en: 'Waiting for the history' } },
    journalFull: { type: 'number', unit: '%', name: { zh: '日志占用', en: 'Journal full to' } },
    diskHeadroom: { type: 'number', unit: 'MiB', name: { zh: '磁盘余量', en: 'Disk above its floor by' } },
    lettersPurged: { type: 'number', name: { zh: '一日内丢弃的死信', en: 'Dead letters dropped within a day' } },
  },
  attributes: {},
  groupSums: [],
};

/** Whom an alert of such a rule is about. */
export const SERVICE_SUBJECT: Subject = { type: 'service', id: 'townpulse' };

/** The service in the place of a device, for the rules alone: no device can have this id. */
export const SERVICE_DEVICE: Device = {
  id: '$service',
  kind: SERVICE.id,
  name: SERVICE.name,
  aliases: [],
  area: '',
  road: null,
  parent: null,
  gateway: null,
  organisation: '',
  owner: null,
  maintainer: null,
  gridCell: null,
  componentCode: null,
  location: null,
  attributes: {},
  reportInterval: SERVICE.reportInterval,
  sampleInterval: SERVICE.reportInterval,
  power: 'always',
  inService: 'always',
  retiredAt: null,
};
