import type { Device } from './device.ts';

type Attributes = Device['attributes'];

/** MPa at a mains' end where the point does not say its own; other points must say theirs (CJJ 58-2007 §3.1.3). */
const LEAST_AT_END = 0.14;
/** MPa of a metre of water. */
const MPA_PER_METRE = 0.01;

/** Gauge pressure, kPa, by the class of a network: above the class below it, up to its own design pressure (GB 50028-2006). */
const CLASS_BANDS: Readonly<Record<string, { min?: number; max: number }>> = {
  // What low pressure must not fall below hangs on the appliances: a regulator says it itself.
  low: { max: 10 },
  'medium-b': { min: 10, max: 200 },
  'medium-a': { min: 200, max: 400 },
  'sub-high-b': { min: 400, max: 800 },
  'sub-high-a': { min: 800, max: 1_600 },
  'high-b': { min: 1_600, max: 2_500 },
  'high-a': { min: 2_500, max: 4_000 },
};

/** The largest flow, m³/h in working conditions, by a meter's size (GB/T 6968). */
const METER_FLOWS: Readonly<Record<string, number>> = {
  ...{ 'G1.6': 2.5, 'G2.5': 4, G4: 6, G6: 10, G10: 16, G16: 25, G25: 40, G40: 65, G65: 100, G100: 160 },
  ...{ G160: 250, G250: 400, G400: 650, G650: 1_000, G1000: 1_600, G1600: 2_500 },
};
/** Standard cubic metres in one of working conditions, at the 0.4 MPa that medium A may have: nothing a town's meter sees is more. */
const STANDARD_PER_WORKING = 5;

/** mA that a pole warns of, and that are dangerous, where it says nothing else: no limit in force is known; 30 mA protect people. */
const LEAKAGE = { leakageWarn: 30, leakageCritical: 100 };

/**
 * What a device states, with the limits that follow from it by the codes: the one place where they are made. What the
 * registry says itself holds before what is derived; a limit that nothing tells is absent, and whoever needs it does not judge.
 */
export function withLimits({ kind, attributes }: Pick<Device, 'kind' | 'attributes'>): Attributes {
  const derived = DERIVED[kind]?.(attributes);
  return derived === undefined ? attributes : { ...present(derived), ...attributes };
}

const DERIVED: Readonly<Record<string, (stated: Attributes) => Record<string, number | undefined>>> = {
  'water-pressure': ({ role, storeys }) => ({ minPressure: leastPressure(role, storeys) }),
  'gas-regulator': (stated) => {
    const band = CLASS_BANDS[String(stated.class)];
    return { minOutlet: band?.min, maxOutlet: band?.max };
  },
  'gas-meter': ({ size, basis }) => {
    const flow = METER_FLOWS[String(size)];
    return { maxFlow: flow === undefined || basis !== 'standard' ? flow : flow * STANDARD_PER_WORKING };
  },
  'smart-pole': () => LEAKAGE,
};

/** The least pressure of a point, MPa, by the storeys that it serves directly and, at a mains' end, never below the code's. */
function leastPressure(role: Attributes[string] | undefined, storeys: Attributes[string] | undefined) {
  const head = typeof storeys === 'number' && storeys >= 1 ? headOf(storeys) * MPA_PER_METRE : undefined;
  if (role !== 'end') return head;
  return Math.max(LEAST_AT_END, head ?? LEAST_AT_END);
}

/** Metres above ground that so many storeys need: 10 for one, 12 for two, 4 for each further one (CJJ 58-2007 §3.1.3). */
function headOf(storeys: number): number {
  return storeys < 2 ? 10 : 12 + 4 * (Math.floor(storeys) - 2);
}

function present(limits: Record<string, number | undefined>): Attributes {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]) => (limit === undefined ? [] : [[name, limit]])),
  );
}
