/** SenML units (RFC 8428, RFC 8798) and usual spellings, as a multiple and offset of a base unit. */
const UNITS: Record<string, { base: string; factor: number; offset?: number }> = {
  Pa: { base: 'Pa', factor: 1 },
  hPa: { base: 'Pa', factor: 100 },
  mbar: { base: 'Pa', factor: 100 },
  kPa: { base: 'Pa', factor: 1e3 },
  bar: { base: 'Pa', factor: 1e5 },
  MPa: { base: 'Pa', factor: 1e6 },
  K: { base: 'K', factor: 1 },
  Cel: { base: 'K', factor: 1, offset: 273.15 },
  '°C': { base: 'K', factor: 1, offset: 273.15 },
  V: { base: 'V', factor: 1 },
  mV: { base: 'V', factor: 1e-3 },
  kV: { base: 'V', factor: 1e3 },
  A: { base: 'A', factor: 1 },
  mA: { base: 'A', factor: 1e-3 },
  W: { base: 'W', factor: 1 },
  kW: { base: 'W', factor: 1e3 },
  J: { base: 'J', factor: 1 },
  Wh: { base: 'J', factor: 3_600 },
  kWh: { base: 'J', factor: 3.6e6 },
  MWh: { base: 'J', factor: 3.6e9 },
  m3: { base: 'm3', factor: 1 },
  'm³': { base: 'm3', factor: 1 },
  l: { base: 'm3', factor: 1e-3 },
  L: { base: 'm3', factor: 1e-3 },
  'm3/s': { base: 'm3/s', factor: 1 },
  'm³/s': { base: 'm3/s', factor: 1 },
  'm3/h': { base: 'm3/s', factor: 1 / 3_600 },
  'm³/h': { base: 'm3/s', factor: 1 / 3_600 },
  'l/s': { base: 'm3/s', factor: 1e-3 },
  'L/s': { base: 'm3/s', factor: 1e-3 },
  'l/min': { base: 'm3/s', factor: 1e-3 / 60 },
  'm/s': { base: 'm/s', factor: 1 },
  'km/h': { base: 'm/s', factor: 1 / 3.6 },
  'kg/m3': { base: 'g/m3', factor: 1e3 },
  'g/m3': { base: 'g/m3', factor: 1 },
  'mg/m3': { base: 'g/m3', factor: 1e-3 },
  'mg/m³': { base: 'g/m3', factor: 1e-3 },
  'ug/m3': { base: 'g/m3', factor: 1e-6 },
  'µg/m3': { base: 'g/m3', factor: 1e-6 },
  'µg/m³': { base: 'g/m3', factor: 1e-6 },
  deg: { base: 'rad', factor: Math.PI / 180 },
  '°': { base: 'rad', factor: Math.PI / 180 },
  rad: { base: 'rad', factor: 1 },
  lx: { base: 'lx', factor: 1 },
  dBm: { base: 'dBm', factor: 1 },
  dBW: { base: 'dBm', factor: 1, offset: 30 },
  dB: { base: 'dB', factor: 1 },
  'dB(A)': { base: 'dB', factor: 1 },
  '/': { base: 'ratio', factor: 1 },
  '%': { base: 'ratio', factor: 0.01 },
  '%RH': { base: 'ratio', factor: 0.01 },
  '%EL': { base: 'ratio', factor: 0.01 },
  '%LEL': { base: 'lel', factor: 0.01 },
};

/**
 * `value` in unit `from` expressed in unit `to`, or null when one can't be turned into the other. A field without a unit
 * takes `count` and a plain ratio `/` only.
 */
export function convert(value: number, from: string, to: string | undefined): number | null {
  if (from === to) return value;
  if (to === undefined) return from === 'count' || from === '/' ? value : null;
  const source = UNITS[from];
  const target = UNITS[to];
  if (source === undefined || target === undefined || source.base !== target.base) return null;
  const converted = (value * source.factor + (source.offset ?? 0) - (target.offset ?? 0)) / target.factor;
  // Twelve digits: what a conversion by powers of ten may blur is not shown as if it were measured.
  return Number(converted.toPrecision(12));
}
