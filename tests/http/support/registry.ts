import type { DeviceChange } from '../../../src/http/resources/device.ts';
import type { DeviceAdministration, DeviceBook, Issued } from '../../../src/http/resources/devices.ts';
import type { Clock } from '../../../src/kernel/clock.ts';
import { TownError } from '../../../src/kernel/errors.ts';
import type { Device, DeviceInput } from '../../../src/model/device.ts';

/** Devices in memory: the registry's ways without its store. Its secrets count up, so that a new one shows. */
export class MemoryRegistry implements DeviceBook, DeviceAdministration {
  /** Who did what, in order. */
  readonly deeds: string[] = [];
  readonly #devices = new Map<string, Device>();
  readonly #clock: Clock;
  #issued = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Puts a device in without ado. */
  add(input: Partial<Device> & { id: string }): Device {
    const device: Device = { ...BLANK, ...input };
    this.#devices.set(device.id, device);
    return device;
  }

  find(id: string): Device | undefined {
    return this.#devices.get(id);
  }

  list({ kind, organisation, parent, q }: Parameters<DeviceBook['list']>[0]): Device[] {
    return [...this.#devices.values()]
      .filter((device) => kind === undefined || device.kind === kind)
      .filter((device) => organisation === undefined || device.organisation === organisation)
      .filter((device) => parent === undefined || device.parent === parent)
      .filter((device) => q === undefined || device.id.toLowerCase().includes(q.toLowerCase()))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async register(registrations: readonly { device: DeviceInput; secret?: string }[], by: string): Promise<Issued[]> {
    for (const { device } of registrations)
      if (this.#devices.has(device.id)) throw new TownError('conflict', `registered already: ${device.id}`);
    return registrations.map(({ device, secret }) => {
      this.#check(device);
      this.deeds.push(`${by} registers ${device.id}`);
      return this.#issue(this.add(given(device)), secret);
    });
  }

  async amend(id: string, change: DeviceChange, by: string): Promise<Device> {
    const known = this.#mustFind(id);
    const attributes = { ...known.attributes, ...change.attributes };
    this.#check({ attributes });
    this.deeds.push(`${by} amends ${id}`);
    return this.add({ ...known, ...given(change), id, attributes });
  }

  async rotate(id: string, secret: string | undefined, by: string): Promise<Issued> {
    this.deeds.push(`${by} rotates ${id}`);
    return this.#issue(this.#mustFind(id), secret);
  }

  async retire(id: string, by: string): Promise<Device> {
    this.deeds.push(`${by} retires ${id}`);
    return this.add({ ...this.#mustFind(id), retiredAt: this.#clock.now() });
  }

  /** Brings in a list of ids, one a line; a line with a space in it is a bad row. */
  bring(text: string, by: string, dryRun: boolean) {
    const ids = text.split('\n').filter((line) => line !== '');
    const problems = ids.flatMap((id, index) =>
      id.includes(' ') ? [{ path: `line ${index + 1}, id`, message: `"${id}" is no id` }] : [],
    );
    if (problems.length > 0) throw new TownError('invalid', `${problems.length} bad row(s)`, { problems });
    const created = ids.filter((id) => !this.#devices.has(id));
    const done = { created, changed: [], unchanged: ids.length - created.length };
    if (dryRun) return { ...done, credentials: [] };
    this.deeds.push(`${by} imports ${created.length}`);
    return { ...done, credentials: created.map((id) => this.#issue(this.add({ id }), undefined).credentials) };
  }

  #issue(device: Device, secret: string | undefined): Issued {
    return { device, credentials: { username: device.id, secret: secret ?? `secret-number-${++this.#issued}` } };
  }

  #check({ attributes }: Pick<DeviceInput, 'attributes'>): void {
    if (typeof attributes?.minPressure === 'string') {
      const problems = [{ path: 'attributes.minPressure', message: '"0.14" is not a number' }];
      throw new TownError('invalid', '1 value does not fit', { problems });
    }
  }

  #mustFind(id: string): Device {
    const device = this.#devices.get(id);
    if (device === undefined) throw new TownError('not-found', `no device ${id} is registered`);
    return device;
  }
}

/** What is given in an input, without the values that are absent. */
function given<T extends object>(input: T): Partial<Device> & T & { id: string } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<Device> &
    T & { id: string };
}

const BLANK: Device = {
  id: '',
  kind: 'water-pressure',
  name: { zh: '测压点', en: 'Pressure point' },
  aliases: [],
  area: 'village',
  road: null,
  parent: null,
  gateway: null,
  organisation: 'water-company',
  owner: null,
  maintainer: null,
  gridCell: null,
  componentCode: null,
  location: [118.4, 33.9],
  attributes: {},
  reportInterval: 300,
  sampleInterval: 300,
  power: 'always',
  inService: 'always',
  retiredAt: null,
};
