import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { TownError } from '../src/kernel/errors.ts';
import type { Facts } from './facts.ts';
import { gas } from './gas.ts';
import { lighting } from './lighting.ts';
import { LANGUAGES, Pen } from './pen.ts';
import { pipeline } from './pipeline.ts';
import { poles } from './poles.ts';
import { town } from './town.ts';
import { water } from './water.ts';

const BOARDS: Readonly<Record<string, (pen: Pen) => Dashboard>> = { town, lighting, water, gas, poles, pipeline };
/** Where docker-compose.yml has the service's page. */
const SERVICE = 'http://127.0.0.1:8080';

/**
 * Every board in every language: file below dashboards/ -> its JSON. `service` is the address of the service's page.
 * @throws TownError `invalid` when it is none
 */
export function boardFiles(facts: Facts, service = SERVICE): ReadonlyMap<string, string> {
  if (!/^https?:\/\/./.test(service) || !URL.canParse(service))
    throw new TownError('invalid', `${service} is no address of the service: write https://desk.example`);
  const files = new Map<string, string>();
  for (const language of LANGUAGES) {
    const pen = new Pen(language, facts, service.replace(/\/+$/, ''));
    for (const [name, build] of Object.entries(BOARDS)) {
      files.set(`${language}/${name}.json`, `${JSON.stringify(build(pen), null, 2)}\n`);
    }
  }
  return files;
}
