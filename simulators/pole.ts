import type { Device } from '../src/model/device.ts';
import type { Value } from '../src/model/sample.ts';
import type { Behaviour, World } from './behaviour.ts';
import { Dice, rounded } from './dice.ts';
import { Sun } from './sun.ts';

const MINUTE_MS = 60_000;
/** dB(A) of a busy hour by noise class (GB 3096), a little under the class's limit by day; nights are quieter. */
const BUSY: Readonly<Record<string, number>> = { '0': 46, '1': 50, '2': 55, '3': 60, '4a': 65, '4b': 65 };
const QUIETER_BY_NIGHT = 13;
/** lx at a right angle to the sun in clear air. */
const FULL_SUN = 110_000;
/** lx under the pole's own lamp by night. */
const LAMPLIGHT = 18;
const MOST_HUMID = 99;

/** A smart pole. It feels the town's weather, a little differently at each place. */
export function smartPole(device: Device, { calendar, location, seed, weather }: World): Behaviour {
  const dice = new Dice(seed, device.id);
  const sun = new Sun(device.location ?? location);
  const busy = BUSY[String(device.attributes.noiseClass)] ?? 55;
  const { tiltBaseline } = device.attributes;
  const upright = typeof tiltBaseline === 'number' ? tiltBaseline : 0.5;
  const exposure = 0.8 + 0.4 * dice.fixed('exposure');
  const warmth = dice.fixed('warmth') - 0.5;
  const leaking = 1 + 4 * dice.fixed('leakage');
  const gusts = dice.drift('gusts', 5 * MINUTE_MS);
  const veering = dice.drift('veering', 7 * MINUTE_MS);
  const traffic = dice.drift('traffic', 4 * MINUTE_MS);
  const dust = dice.drift('dust', 20 * MINUTE_MS);
  const noise = dice.noise('readings');

  function light(ts: number): number {
    const altitude = sun.altitude(ts);
    if (altitude <= 0) return LAMPLIGHT + noise(ts);
    return FULL_SUN * Math.sin((altitude * Math.PI) / 180) * weather.clearness(ts) + 20;
  }

  /** How busy the street is, 0..1. */
  function bustle(ts: number): number {
    const hour = calendar.hour(ts);
    return Math.min(1, Math.max(0, Math.sin(((hour - 4.5) * Math.PI) / 18))) * (hour < 4.5 || hour > 22.5 ? 0 : 1);
  }

  function read(ts: number): Record<string, Value> {
    const wind = Math.max(0, (weather.windSpeed(ts) + 1.2 * gusts(ts)) * exposure);
    const pm25 = weather.pm25(ts) * (1 + 0.15 * dust(ts));
    const humidity = Math.min(MOST_HUMID, Math.max(15, weather.humidity(ts) - 3 * warmth + noise(ts)));
    return {
      pm25: rounded(pm25, 1),
      pm10: rounded(pm25 * 1.55 + 6, 1),
      noise: rounded(busy - QUIETER_BY_NIGHT * (1 - bustle(ts)) + 2.5 * traffic(ts), 1),
      temperature: rounded(weather.temperature(ts) + warmth + 0.1 * noise(ts), 1),
      humidity: rounded(humidity, 1),
      windSpeed: rounded(wind, 1),
      windDirection: rounded((weather.windDirection(ts) + 25 * veering(ts) + 720) % 360, 0) % 360,
      illuminance: rounded(light(ts), 0),
      tilt: rounded(upright + 0.02 * wind, 2),
      leakageCurrent: rounded(leaking * (0.7 + 0.004 * humidity) + 0.1 * noise(ts), 1),
      mainsVoltage: rounded(weather.mains(ts) + noise(ts), 1),
      doorOpen: false,
      waterImmersion: false,
    };
  }

  return { read, speaks: () => true, alarms: () => [] };
}
