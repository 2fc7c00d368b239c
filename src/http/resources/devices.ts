import { z } from 'zod';
import { TownError } from '../../kernel/errors.ts';
import type { Device, DeviceInput } from '../../model/device.ts';
import type { Kinds } from '../../model/kind.ts';
import { areasWithin, type Town } from '../../model/town.ts';
import { Verdict } from '../../model/verdict.ts';
import { principalOf } from '../access.ts';
import type { Api } from '../api.ts';
import { cursorOf, Limit, listOf, pageOf } from '../lists.ts';
import { IdPath, mustBeKnown } from '../parameters.ts';
import { Credentials, DeviceChange, DeviceRegistration, ShownDevice, showDevice } from './device.ts';

/** Which devices there are. */
export interface DeviceBook {
  /** The device as it is now. */
  find(id: string): Device | undefined;
  /** In the order of their ids. `q` is part of an id, name or alias. */
  list(filter: {
    kind?: string | undefined;
    organisation?: string | undefined;
    parent?: string | undefined;
    q?: string | undefined;
  }): Device[];
}

/** Changes what devices there are. Throws TownError `invalid`, `conflict`, `not-found`; `by` is a principal's id. */
export interface DeviceAdministration {
  register(registrations: readonly { device: DeviceInput; secret?: string }[], by: string): Promise<Issued[]>;
  amend(id: string, change: DeviceChange, by: string): Promise<Device>;
  rotate(id: string, secret: string | undefined, by: string): Promise<Issued>;
  retire(id: string, by: string): Promise<Device>;
}

/** A device with new credentials. */
export interface Issued {
  device: Device;
  credentials: Credentials;
}

/** What the devices' resource needs. */
export interface DevicesParts {
  devices: DeviceBook;
  administration: DeviceAdministration;
  /** The worst verdict of a device's rules. */
  verdictOf(device: string): Verdict;
  kinds: Kinds;
  town: Town;
}

const ListedDevice = ShownDevice.extend({
  verdict: Verdict.meta({ description: 'the worst of its rules' }),
}).meta({ id: 'ListedDevice' });

const IssuedCredentials = z
  .object({ device: ShownDevice, credentials: Credentials })
  .meta({ id: 'IssuedCredentials', description: 'the secret is never shown again' });

const DeviceQuery = z.strictObject({
  kind: z.string().optional(),
  area: z.string().optional().meta({ description: 'in this area, or in one that lies in it' }),
  organisation: z.string().optional(),
  parent: z.string().optional(),
  verdict: Verdict.optional(),
  q: z.string().max(200).optional().meta({ description: 'part of an id, name or alias' }),
  limit: Limit,
  cursor: cursorOf(z.string()),
});

/** `GET|POST /devices`, `GET|PATCH /devices/{id}`, `POST /devices/{id}/credentials`, `POST /devices/{id}/retire` */
export function devicesResource(api: Api, parts: DevicesParts): void {
  const tags = ['devices'];
  const { devices, administration } = parts;

  const list = { summary: 'Devices, in the order of their ids', tags, querystring: DeviceQuery };
  api.get('/devices', { schema: { ...list, response: { 200: listOf(ListedDevice) } } }, (request) => {
    const { limit, cursor } = request.query;
    const found = find(parts, request.query).filter(({ id }) => cursor === undefined || id > cursor);
    const { items, next } = pageOf(found, limit, ({ id }) => id);
    return { items: items.map((device) => withVerdict(device, parts)), next };
  });

  const one = { summary: 'One device', tags, params: IdPath };
  api.get('/devices/:id', { schema: { ...one, response: { 200: ListedDevice } } }, (request) =>
    withVerdict(mustFind(devices, request.params.id), parts),
  );

  const create = { summary: 'Registers a device and shows its secret this once', tags, body: DeviceRegistration };
  api.post('/devices', { schema: { ...create, response: { 201: IssuedCredentials } } }, async (request, reply) => {
    const { secret, ...device } = request.body;
    const registration = secret === undefined ? { device } : { device, secret };
    const [issued] = await administration.register([registration], principalOf(request).id);
    if (issued === undefined) throw new Error('a registration brought no device');
    return reply
      .code(201)
      .header('location', `/api/v1/devices/${encodeURIComponent(issued.device.id)}`)
      .send(show(issued));
  });

  const amend = {
    summary: 'Changes what is named and leaves the rest; null takes an optional value away',
    tags,
    params: IdPath,
    body: DeviceChange,
  };
  api.patch('/devices/:id', { schema: { ...amend, response: { 200: ShownDevice } } }, async (request) =>
    showDevice(await administration.amend(request.params.id, request.body, principalOf(request).id)),
  );

  const rotate = {
    summary: 'Gives a device a new secret; the old one is dead at once',
    tags,
    params: IdPath,
    body: DeviceRegistration.pick({ secret: true }).optional(),
  };
  api.post(
    '/devices/:id/credentials',
    { schema: { ...rotate, response: { 201: IssuedCredentials } } },
    async (request, reply) => {
      const issued = await administration.rotate(request.params.id, request.body?.secret, principalOf(request).id);
      return reply.code(201).send(show(issued));
    },
  );

  const retire = { summary: 'Takes a device out of service for good', tags, params: IdPath };
  api.post('/devices/:id/retire', { schema: { ...retire, response: { 200: ShownDevice } } }, async (request) =>
    showDevice(await administration.retire(request.params.id, principalOf(request).id)),
  );
}

/** The device of this id. @throws TownError `not-found` */
export function mustFind(devices: DeviceBook, id: string): Device {
  const device = devices.find(id);
  if (device === undefined) throw new TownError('not-found', `no device ${id} is registered`);
  return device;
}

function find({ devices, verdictOf, kinds, town }: DevicesParts, query: z.infer<typeof DeviceQuery>): Device[] {
  const { kind, area, organisation, parent, verdict, q } = query;
  mustBeKnown('kind', kind, kinds.keys());
  mustBeKnown('area', area, ids(town.areas));
  mustBeKnown('organisation', organisation, ids(town.organisations));
  mustBeKnown('parent', parent, ids(town.network));
  const areas = area === undefined ? null : new Set(areasWithin(town, area));
  return devices
    .list({ kind, organisation, parent, q })
    .filter(
      (device) =>
        (areas === null || areas.has(device.area)) && (verdict === undefined || verdictOf(device.id) === verdict),
    );
}

function ids(entries: readonly { id: string }[]): string[] {
  return entries.map(({ id }) => id);
}

function withVerdict(device: Device, { verdictOf }: DevicesParts) {
  return { ...showDevice(device), verdict: verdictOf(device.id) };
}

function show({ device, credentials }: Issued) {
  return { device: showDevice(device), credentials };
}
