import type { Location } from '../model/primitives.ts';

/**
 * What a map of China may give places in: WGS-84 (GPS), GCJ-02 (AutoNavi, Tencent; set off from it by 100 m to 700 m) or
 * BD-09 (Baidu; set off once more).
 */
export const DATUMS = ['wgs84', 'gcj02', 'bd09'] as const;
export type Datum = (typeof DATUMS)[number];

/** The WGS-84 place of one that is given in `datum`, within a centimetre (seven decimals). */
export function toWgs84(place: Location, datum: Datum): Location {
  if (datum === 'wgs84') return place;
  const gcj02 = datum === 'bd09' ? invert(gcj02ToBd09, place) : place;
  const [lon, lat] = invert(wgs84ToGcj02, gcj02);
  return [Number(lon.toFixed(7)), Number(lat.toFixed(7))];
}

// Krasovsky 1940, the ellipsoid that GCJ-02's offsets are scaled by.
const SEMI_MAJOR_AXIS = 6_378_245;
const ECCENTRICITY_SQUARED = 0.006693421622965943;
const BD09_ANGLE = (Math.PI * 3_000) / 180;

/** The GCJ-02 place of a WGS-84 one: offsets in metres as known since 2010, made degrees. Outside of China nothing moves. */
export function wgs84ToGcj02([lon, lat]: Location): Location {
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat];
  const [east, north] = gcj02Offset(lon - 105, lat - 35);
  const phi = radians(lat);
  const curvature = 1 - ECCENTRICITY_SQUARED * Math.sin(phi) ** 2;
  const meridianRadius = (SEMI_MAJOR_AXIS * (1 - ECCENTRICITY_SQUARED)) / (curvature * Math.sqrt(curvature));
  const parallelRadius = (SEMI_MAJOR_AXIS / Math.sqrt(curvature)) * Math.cos(phi);
  return [lon + degrees(east / parallelRadius), lat + degrees(north / meridianRadius)];
}

/** The BD-09 place of a GCJ-02 one. */
export function gcj02ToBd09([lon, lat]: Location): Location {
  const radius = Math.hypot(lon, lat) + 0.00002 * Math.sin(lat * BD09_ANGLE);
  const angle = Math.atan2(lat, lon) + 0.000003 * Math.cos(lon * BD09_ANGLE);
  return [radius * Math.cos(angle) + 0.0065, radius * Math.sin(angle) + 0.006];
}

/** Metres east and north that GCJ-02 moves a place `x`, `y` degrees from 105° E 35° N. */
function gcj02Offset(x: number, y: number): [east: number, north: number] {
  const wave = (halfTurns: number) => Math.sin(halfTurns * Math.PI);
  const short = (20 * wave(6 * x) + 20 * wave(2 * x)) * (2 / 3);
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    short +
    (20 * wave(x) + 40 * wave(x / 3)) * (2 / 3) +
    (150 * wave(x / 12) + 300 * wave(x / 30)) * (2 / 3);
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    short +
    (20 * wave(y) + 40 * wave(y / 3)) * (2 / 3) +
    (160 * wave(y / 12) + 320 * wave(y / 30)) * (2 / 3);
  return [east, north];
}

/**
 * The place that `forward` takes to `target`. The offsets change by less than a hundredth along their own length, so each
 * round leaves under a hundredth of the error: five take kilometres to well under a millimetre.
 */
function invert(forward: (place: Location) => Location, target: Location): Location {
  let [lon, lat] = target;
  for (let round = 0; round < 5; round++) {
    const [foundLon, foundLat] = forward([lon, lat]);
    lon += target[0] - foundLon;
    lat += target[1] - foundLat;
  }
  return [lon, lat];
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
