import { Kind, type Kinds } from '../../model/kind.ts';
import { Area, Organisation, type Town } from '../../model/town.ts';
import type { Api } from '../api.ts';
import { listOf, PlacePaging, pageByPlace } from '../lists.ts';

/** What the town's resources need. */
export interface TownParts {
  town: Town;
  kinds: Kinds;
}

const Areas = listOf(Area.meta({ id: 'Area' }));
const Organisations = listOf(Organisation.meta({ id: 'Organisation' }));
const ShownKinds = listOf(Kind.meta({ id: 'Kind' }));

/** `GET /areas`, `/organisations`, `/kinds`: what devices may refer to. */
export function townResource(api: Api, { town, kinds }: TownParts): void {
  const lists = (summary: string) => ({ summary, tags: ['town'], querystring: PlacePaging });
  api.get(
    '/areas',
    { schema: { ...lists('The areas: district, town, villages'), response: { 200: Areas } } },
    (request) => pageByPlace(town.areas, request.query),
  );
  api.get(
    '/organisations',
    { schema: { ...lists('The bureaus and companies'), response: { 200: Organisations } } },
    (request) => pageByPlace(town.organisations, request.query),
  );
  api.get(
    '/kinds',
    { schema: { ...lists('The kinds of device, with their fields'), response: { 200: ShownKinds } } },
    (request) => pageByPlace([...kinds.values()], request.query),
  );
}
