import { TownError } from '../../kernel/errors.ts';
import type { KeptFields } from '../port.ts';
import type { InfluxAddress } from '../settings.ts';
import { RECEIVED_AT } from './names.ts';
import type { Place, Progress } from './progress.ts';
import type { InfluxServer } from './server.ts';
import { Statement } from './statement.ts';

/**
 * Makes sure that the bucket of `address` is the one that the standing on this machine is about: another one would lack
 * the past, and nobody would be told. Under another address it is known by the newest point of the history; nothing is
 * asked while the address is the same.
 * @throws TownError `data-dir-unusable` when the bucket does not hold it
 */
export async function confirmPlace(
  progress: Progress,
  address: InfluxAddress,
  server: InfluxServer,
  kept: KeptFields,
): Promise<void> {
  const here: Place = { url: address.url.replace(/\/+$/, ''), org: address.org ?? null, bucket: address.bucket };
  const known = progress.place();
  if (known !== null) {
    if (known.url === here.url && known.org === here.org && known.bucket === here.bucket) return;
    if (!(await holdsNewest(server, kept, progress.newest()))) {
      throw new TownError(
        'data-dir-unusable',
        `the history so far lies in ${nameOf(known)}, and ${nameOf(here)} does not hold it: set INFLUX_URL, INFLUX_ORG and INFLUX_BUCKET as they were; to move, townpulse history copy --from influxdb --to duckdb with them as they were, and then --from duckdb --to influxdb with the new ones (--since leaves out what is older)`,
      );
    }
  }
  await progress.notePlace(here);
}

/** Whether the newest point of all is there; where there has been none, nothing can be missed. */
async function holdsNewest(
  server: InfluxServer,
  kept: KeptFields,
  newest: ReadonlyMap<string, number>,
): Promise<boolean> {
  const [first, ...rest] = newest;
  if (first === undefined || kept.size === 0) return true;
  const [device, ts] = rest.reduce((last, one) => (one[1] > last[1] ? one : last), first);
  const statement = new Statement();
  for (const kind of kept.keys()) {
    const where = `${statement.among('device', [device])} AND time = ${statement.instant(ts)}`;
    statement.add(`SELECT ${statement.name(RECEIVED_AT)} FROM ${statement.name(kind)} WHERE ${where}`);
  }
  return (await server.query(statement)).some((series) => series.length > 0);
}

function nameOf({ url, org, bucket }: Place): string {
  return `the bucket ${bucket}${org === null ? '' : ` of ${org}`} at ${url}`;
}
