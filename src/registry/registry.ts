import type { Clock } from '../kernel/clock.ts';
import { TownError } from '../kernel/errors.ts';
import type { Store, Table } from '../kernel/store.ts';
import type { Device, DeviceInput } from '../model/device.ts';
import type { Kinds } from '../model/kind.ts';
import type { Change } from '../model/record.ts';
import type { Stretch } from '../model/stretch.ts';
import type { Town } from '../model/town.ts';
import { applyDefaults, checkDevices } from './check.ts';
import { Credentials, newSecret } from './credentials.ts';

/** The journal as the registry needs it: every change is a record, written with what it changes. */
export interface ChangeJournal {
  append(
    records: readonly { type: 'change'; change: Change; by: string }[],
    alongside: (appended: { at: number }) => void,
  ): Promise<unknown>;
}

/** A device to register, with its vendor's own secret where it has one. */
export interface Registration {
  device: DeviceInput;
  secret?: string;
}

/** What a device signs in with; the secret is shown this once. */
export interface IssuedCredentials {
  username: string;
  secret: string;
}

/** What to change of a device; what is not named stays. */
export type DevicePatch = { [Key in keyof DeviceInput]?: DeviceInput[Key] | undefined };

/** Which devices to list. */
export interface DeviceFilter {
  kind?: string | undefined;
  area?: string | undefined;
  organisation?: string | undefined;
  parent?: string | undefined;
  /** Part of an id, name or alias; letter case aside. */
  q?: string | undefined;
}

/**
 * Which devices exist, where, and whose.
 * - A change and its record in the journal are one transaction.
 * - Values are dated: `at` answers for any past instant; before its first change a device has the values of its
 *   registration.
 * - Secrets are kept as SHA-256 only.
 */
export class Registry {
  readonly #store: Store;
  readonly #journal: ChangeJournal;
  readonly #kinds: Kinds;
  readonly #town: Town;
  readonly #clock: Clock;
  readonly #credentials: Credentials;
  readonly #current: Table<string, Device>;
  readonly #dated: Table<[string, number], Device>;
  readonly #devices = new Map<string, Device>();
  readonly #pastOf = new Map<string, { from: number; device: Device }[]>();
  /** Changes are checked against what stands, so they take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, journal: ChangeJournal, kinds: Kinds, town: Town, clock: Clock) {
    this.#store = store;
    this.#journal = journal;
    this.#kinds = kinds;
    this.#town = town;
    this.#clock = clock;
    this.#credentials = new Credentials(this.#store);
    this.#current = store.table('devices');
    this.#dated = store.table('devices.dated');
    for (const { key, value } of this.#current.entries()) this.#devices.set(key, value);
    for (const { key, value } of this.#dated.entries()) this.#remember(key[0], key[1], value);
  }

  /** The device as it is now. */
  find(id: string): Device | undefined {
    return this.#devices.get(id);
  }

  /** The device as it was at `ts` (ms). */
  at(id: string, ts: number): Device | undefined {
    const past = this.#pastOf.get(id);
    if (past === undefined) return this.#devices.get(id);
    for (let index = past.length - 1; index > 0; index--) {
      const dated = past[index];
      if (dated !== undefined && dated.from <= ts) return dated.device;
    }
    return past[0]?.device;
  }

  /** What was said of the device from `from` to before `to` (ms), in the order of time, without a gap. */
  between(id: string, from: number, to: number): Stretch[] {
    const past = this.#pastOf.get(id) ?? [];
    const registered = past[0];
    if (registered === undefined) return [];
    const all = [{ ...registered, from: -Infinity }, ...past].map((dated, index) => {
      const end = index === 0 ? registered.from : (past[index]?.from ?? Infinity);
      return { from: Math.max(from, dated.from), to: Math.min(to, end), device: dated.device, isRegistered: index > 0 };
    });
    return all.filter((stretch) => stretch.from < stretch.to);
  }

  /** Devices in the order of their ids, those that fit `filter`. */
  list(filter: DeviceFilter = {}): Device[] {
    const wanted = filter.q?.toLowerCase();
    return [...this.#devices.values()]
      .filter(
        (device) =>
          (filter.kind === undefined || device.kind === filter.kind) &&
          (filter.area === undefined || device.area === filter.area) &&
          (filter.organisation === undefined || device.organisation === filter.organisation) &&
          (filter.parent === undefined || device.parent === filter.parent) &&
          (wanted === undefined ||
            [device.id, device.name.zh, device.name.en, ...device.aliases].some((text) =>
              text.toLowerCase().includes(wanted),
            )),
      )
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Whether these credentials are a device's. */
  authenticate(id: string, secret: Buffer): 'ok' | 'unknown-device' | 'retired' | 'wrong-secret' {
    const device = this.#devices.get(id);
    if (device === undefined) return 'unknown-device';
    if (!this.#credentials.match(id, secret)) return 'wrong-secret';
    return device.retiredAt === null ? 'ok' : 'retired';
  }

  /**
   * Registers devices, all or none, and gives each its secret.
   * @throws TownError `invalid` with every problem by path, `conflict` when one exists already
   */
  register(
    registrations: readonly Registration[],
    by: string,
  ): Promise<{ device: Device; credentials: IssuedCredentials }[]> {
    return this.#inTurn(async () => {
      const existing = registrations.filter(({ device }) => this.#devices.has(device.id));
      if (existing.length > 0) {
        const ids = existing.map(({ device }) => device.id);
        throw new TownError(
          'conflict',
          `registered already: ${ids.slice(0, 10).join(', ')}; use PATCH to change a device`,
        );
      }
      const created = registrations.map(({ device }) => applyDefaults(device, this.#kinds));
      this.#check(created);
      const issued = registrations.map(({ device, secret }) => ({
        username: device.id,
        secret: secret ?? newSecret(),
      }));
      await this.#write(created, by, issued);
      return created.map((device, index) => ({ device, credentials: issued[index] as IssuedCredentials }));
    });
  }

  /**
   * Brings the registry to what a file says: new devices are registered, known ones changed where they differ. All or none.
   * @throws TownError `invalid` with every problem by device and path
   */
  bring(registrations: readonly Registration[], by: string, dryRun = false): Promise<Brought> {
    return this.#inTurn(async () => {
      const brought: Brought = { created: [], changed: [], unchanged: 0, credentials: [] };
      const writes: Device[] = [];
      const secrets: IssuedCredentials[] = [];
      for (const { device: input, secret } of registrations) {
        const known = this.#devices.get(input.id);
        const device = { ...applyDefaults(input, this.#kinds), retiredAt: known?.retiredAt ?? null };
        if (known === undefined) {
          brought.created.push(device.id);
          secrets.push({ username: device.id, secret: secret ?? newSecret() });
        } else if (JSON.stringify(known) !== JSON.stringify(device)) brought.changed.push(device.id);
        else {
          brought.unchanged++;
          continue;
        }
        writes.push(device);
      }
      this.#check(writes);
      if (dryRun || writes.length === 0) return brought;
      await this.#write(writes, by, secrets);
      return { ...brought, credentials: secrets };
    });
  }

  /**
   * Changes what `patch` names and leaves the rest; null takes an optional value away.
   * @throws TownError `not-found`, `invalid`
   */
  amend(id: string, patch: DevicePatch, by: string): Promise<Device> {
    return this.#inTurn(async () => {
      const known = this.#mustFind(id);
      const attributes = { ...known.attributes, ...patch.attributes };
      const named = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
      const device = {
        ...applyDefaults({ ...known, ...named, id, attributes }, this.#kinds),
        retiredAt: known.retiredAt,
      };
      this.#check([device]);
      await this.#write([device], by);
      return device;
    });
  }

  /** Gives the device a new secret; the old one is dead at once. */
  rotate(id: string, secret?: string): Promise<{ device: Device; credentials: IssuedCredentials }> {
    return this.#inTurn(async () => {
      const device = this.#mustFind(id);
      if (device.retiredAt !== null)
        throw new TownError('conflict', `${id} is retired: it may not connect, so that a secret is of no use to it`);
      const credentials = { username: id, secret: secret ?? newSecret() };
      await this.#store.transaction(() => this.#credentials.write(id, credentials.secret));
      this.#credentials.remember(id, credentials.secret);
      return { device, credentials };
    });
  }

  /** Takes the device out of service for good: it may not connect, and no rule judges it. */
  retire(id: string, by: string): Promise<Device> {
    return this.#inTurn(async () => {
      const known = this.#mustFind(id);
      if (known.retiredAt !== null) return known;
      const device: Device = { ...known, retiredAt: this.#clock.now() };
      await this.#write([device], by);
      return device;
    });
  }

  #mustFind(id: string): Device {
    const device = this.#devices.get(id);
    if (device === undefined) throw new TownError('not-found', `no device ${id} is registered`);
    return device;
  }

  #check(devices: readonly Device[]): void {
    const problems = checkDevices(devices, {
      kinds: this.#kinds,
      town: this.#town,
      isRegistered: (id) => this.#devices.has(id) || devices.some((device) => device.id === id),
    });
    if (problems.length > 0) {
      throw new TownError('invalid', `${problems.length} value(s) do not fit the town or the kind`, { problems });
    }
  }

  async #write(devices: readonly Device[], by: string, secrets: readonly IssuedCredentials[] = []): Promise<void> {
    let at = 0;
    await this.#journal.append(
      devices.map((device) => ({ type: 'change', change: { what: 'device', device }, by })),
      (appended) => {
        at = appended.at;
        for (const { username, secret } of secrets) this.#credentials.write(username, secret);
        for (const device of devices) {
          this.#current.put(device.id, device);
          this.#dated.put([device.id, at], device);
        }
      },
    );
    for (const { username, secret } of secrets) this.#credentials.remember(username, secret);
    for (const device of devices) {
      this.#devices.set(device.id, device);
      this.#remember(device.id, at, device);
    }
  }

  #remember(id: string, from: number, device: Device): void {
    const past = this.#pastOf.get(id);
    if (past === undefined) this.#pastOf.set(id, [{ from, device }]);
    else past.push({ from, device });
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** What bringing in a file did, or would do. */
export interface Brought {
  created: string[];
  changed: string[];
  unchanged: number;
  /** Of the new devices; empty on a dry run. */
  credentials: IssuedCredentials[];
}
