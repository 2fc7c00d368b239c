import { describe, expect, it } from 'vitest';
import type { Location } from '../../src/model/primitives.ts';
import { gcj02ToBd09, toWgs84, wgs84ToGcj02 } from '../../src/registry/datum.ts';

// Published pairs of wandergis/coordtransform (its README and tests), which most tools quote.
const WGS84: Location = [116.404, 39.915];
const GCJ02: Location = [116.41024449916938, 39.91640428150164];
const BD09: Location = [116.41662724378733, 39.922699552216216];

/** Metres between two places near each other. */
function metres([lonA, latA]: Location, [lonB, latB]: Location): number {
  const shrink = Math.cos((latA * Math.PI) / 180);
  return Math.hypot((lonA - lonB) * shrink, latA - latB) * 111_320;
}

describe('datums', () => {
  it('the forward formulas give the published places', () => {
    expect(metres(wgs84ToGcj02(WGS84), GCJ02)).toBeLessThan(1e-6);
    expect(metres(gcj02ToBd09(GCJ02), BD09)).toBeLessThan(1e-6);
    expect(metres(gcj02ToBd09([116.404, 39.915]), [116.41036949371029, 39.92133699351021])).toBeLessThan(1e-6);
  });

  it('a GCJ-02 place becomes the WGS-84 one it was made of', () => {
    expect(toWgs84(GCJ02, 'gcj02')).toEqual(WGS84);
  });

  it('a BD-09 place becomes the WGS-84 one it was made of', () => {
    expect(toWgs84(BD09, 'bd09')).toEqual(WGS84);
  });

  it('a WGS-84 place stays what it is, to the last digit', () => {
    expect(toWgs84([118.4123456789, 33.9], 'wgs84')).toEqual([118.4123456789, 33.9]);
  });

  it('the way back is true to the centimetre all over China', () => {
    let worst = 0;
    for (let lon = 74; lon <= 134; lon += 1.37) {
      for (let lat = 4; lat <= 53; lat += 1.13) {
        const gcj02 = wgs84ToGcj02([lon, lat]);
        worst = Math.max(worst, metres(toWgs84(gcj02, 'gcj02'), [lon, lat]));
        worst = Math.max(worst, metres(toWgs84(gcj02ToBd09(gcj02), 'bd09'), [lon, lat]));
      }
    }
    expect(worst).toBeLessThan(0.01);
  });

  it('in the town the two are hundreds of metres apart, so that forgetting the datum shows', () => {
    const town: Location = [118.4, 33.9];
    expect(metres(toWgs84(town, 'gcj02'), town)).toBeGreaterThan(300);
    expect(metres(toWgs84(town, 'bd09'), town)).toBeGreaterThan(600);
  });

  it('outside of China nothing moves', () => {
    expect(toWgs84([2.2945, 48.8584], 'gcj02')).toEqual([2.2945, 48.8584]);
  });
});
