/*
 * npm run bench [-- --seconds 60 --runs 3 --only service --cpu-prof --json FILE]
 *     what the service takes beside a bare mosquitto; --seconds 5 --runs 1 to see that it works
 * npm run bench -- influx [--samples 500000 --runs 3 --rate 2000 --outage 60 --only speed|loss --cpu-prof --json FILE]
 *     what it carries into an InfluxDB, and loses on the way, beside Telegraf; --samples 50000 --runs 1 --outage 5 to see
 *     that it works
 * npm run bench -- rules [--seconds 60 --rate 26000 --devices 100000 --only alerts|engine --cpu-prof --json FILE]
 *     what the rules cost, and how soon they speak under load; --seconds 5 --devices 5000 to see that it works
 * npm run bench -- replay [--days 30 --rate 2000 --cpu-prof --json FILE]
 *     how long a replay of the sample town's month takes, and what whoever reports meanwhile feels of it; --days 2 to see
 *     that it works
 *
 * Ends with exit code 1 when a target is missed. Method and figures: docs/performance.md.
 */
import { besideMosquitto } from './beside-mosquitto.ts';
import { besideTelegraf } from './beside-telegraf.ts';
import { replayTown } from './replay-town.ts';
import { rulesBench } from './rules.ts';

const [what, ...rest] = process.argv.slice(2);
if (what === 'influx') await besideTelegraf(rest);
else if (what === 'rules') await rulesBench(rest);
else if (what === 'replay') await replayTown(rest);
else await besideMosquitto(process.argv.slice(2));
