import type { Alert } from '../model/alert.ts';
import type { Kind } from '../model/kind.ts';
import type { Name } from '../model/primitives.ts';
import { SERVICE } from '../model/service.ts';
import type { Area, Organisation } from '../model/town.ts';
import type { LightingRate, ListedDevice } from './api.ts';

/** What ids are called, from the lists at hand. An id that no list knows has no name (null) and is shown as it is. */
export interface Names {
  device(id: string): Name | null;
  organisation(id: string): Name | null;
  subject(subject: Alert['subject']): Name | null;
  kind(id: string): Name | null;
  /** What an alert's figure is called: a field or an attribute of some kind. */
  figure(name: string): Figure | null;
}

interface Figure {
  name: Name;
  unit?: string | undefined;
}

/** Lists that names are taken from; null is one that was not read yet. */
export interface NameSources {
  devices: ListedDevice[] | null;
  areas: Area[] | null;
  organisations: Organisation[] | null;
  feeders: LightingRate[] | null;
  kinds: Kind[] | null;
}

/** Builds the look-ups once for a set of lists. */
export function namesFrom(sources: NameSources): Names {
  const devices = byId(sources.devices);
  const areas = byId(sources.areas);
  const organisations = byId(sources.organisations);
  const parents = byId(sources.feeders);
  const kinds = byId(sources.kinds);
  const figures = new Map<string, Figure>(
    [SERVICE, ...(sources.kinds ?? [])].flatMap(({ attributes, fields }) => [
      ...Object.entries(attributes),
      ...Object.entries(fields),
    ]),
  );

  return {
    device: (id) => devices.get(id) ?? null,
    organisation: (id) => organisations.get(id) ?? null,
    kind: (id) => kinds.get(id) ?? null,
    figure: (name) => figures.get(name) ?? null,
    subject: ({ type, id }) => {
      if (type === 'service') return SERVICE.name;
      if (type === 'device') return devices.get(id) ?? null;
      if (type === 'parent') return parents.get(id) ?? devices.get(id) ?? null;
      return areas.get(id) ?? null;
    },
  };
}

/** The town itself among the areas: the one of level `town`, where there is just one. */
export function townName(areas: Area[] | null): Name | null {
  const towns = (areas ?? []).filter((area) => area.level === 'town');
  return towns.length === 1 ? (towns[0]?.name ?? null) : null;
}

function byId(items: readonly { id: string; name: Name }[] | null): Map<string, Name> {
  return new Map((items ?? []).map((item) => [item.id, item.name]));
}
