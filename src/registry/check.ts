import { z } from 'zod';
import { type Problem, TownError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import type { Device, DeviceInput } from '../model/device.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import type { Town } from '../model/town.ts';

/** The device that an input stands for, with its kind's defaults. @throws TownError `invalid` for an unknown kind */
export function applyDefaults(input: DeviceInput, kinds: Kinds): Device {
  const kind = kinds.get(input.kind);
  if (kind === undefined) {
    const message = `no kind ${input.kind}${didYouMean(input.kind, kinds.keys())}`;
    throw new TownError('invalid', message, { problems: [{ path: 'kind', message }] });
  }
  const reportInterval = input.reportInterval ?? kind.reportInterval;
  return {
    id: input.id,
    kind: input.kind,
    name: input.name ?? { zh: input.id, en: input.id },
    aliases: input.aliases ?? [],
    area: input.area,
    road: input.road ?? null,
    parent: input.parent ?? null,
    gateway: input.gateway ?? null,
    organisation: input.organisation,
    owner: input.owner ?? null,
    maintainer: input.maintainer ?? null,
    gridCell: input.gridCell ?? null,
    componentCode: input.componentCode ?? null,
    location: input.location ?? null,
    attributes: input.attributes ?? {},
    reportInterval,
    sampleInterval: input.sampleInterval ?? reportInterval,
    power: input.power ?? kind.power,
    inService: input.inService ?? 'always',
    retiredAt: null,
  };
}

/** What devices may refer to. */
export interface Surroundings {
  kinds: Kinds;
  town: Town;
  isRegistered(id: string): boolean;
}

/** Everything in `devices` that names nothing the town has, or does not fit the kind. Paths begin with the id when there are several. */
export function checkDevices(devices: readonly Device[], around: Surroundings): Problem[] {
  const ids = {
    areas: new Set(around.town.areas.map(({ id }) => id)),
    organisations: new Set(around.town.organisations.map(({ id }) => id)),
    roads: new Set(around.town.roads.map(({ id }) => id)),
    network: new Set(around.town.network.map(({ id }) => id)),
  };
  return devices.flatMap((device) => {
    const problems: Problem[] = [];
    const prefix = devices.length > 1 ? `${device.id}.` : '';
    const mustBeIn = (path: string, value: string | null, known: Set<string>, what: string) => {
      if (value === null || known.has(value)) return;
      problems.push({ path: prefix + path, message: `no ${what} ${value}${didYouMean(value, known)}` });
    };
    mustBeIn('area', device.area, ids.areas, 'area');
    mustBeIn('organisation', device.organisation, ids.organisations, 'organisation');
    mustBeIn('road', device.road, ids.roads, 'road');
    mustBeIn('parent', device.parent, ids.network, 'node of the network');
    if (device.gateway !== null && !around.isRegistered(device.gateway)) {
      problems.push({ path: `${prefix}gateway`, message: `no device ${device.gateway} is registered` });
    }
    const kind = around.kinds.get(device.kind);
    if (kind !== undefined) problems.push(...checkAttributes(device, kind, prefix));
    return problems;
  });
}

function checkAttributes(device: Device, kind: Kind, prefix: string): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(device.attributes)) {
    const path = `${prefix}attributes.${name}`;
    const attribute = Object.hasOwn(kind.attributes, name) ? kind.attributes[name] : undefined;
    if (attribute === undefined) {
      const hint = didYouMean(name, Object.keys(kind.attributes));
      problems.push({ path, message: `a ${kind.id} has no attribute ${name}${hint}` });
    } else if (typeof value !== attribute.type) {
      problems.push({ path, message: `${JSON.stringify(value)} is not a ${attribute.type}` });
    } else if (attribute.values !== undefined && !attribute.values.includes(String(value))) {
      const hint = didYouMean(String(value), attribute.values);
      problems.push({ path, message: `${String(value)} is none of ${attribute.values.join(', ')}${hint}` });
    } else if (attribute.pattern !== undefined && !new RegExp(`^(?:${attribute.pattern})$`).test(String(value))) {
      problems.push({ path, message: `${String(value)} does not look like ${attribute.pattern}` });
    } else if (attribute.format === 'date' && !z.iso.date().safeParse(value).success) {
      problems.push({ path, message: `${String(value)} is no day of the calendar such as 2026-11-30` });
    }
  }
  return problems;
}
