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
