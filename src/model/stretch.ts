import type { Device } from './device.ts';

/** A stretch of time in which the registry said the same of a device; `from` inclusive, `to` exclusive, ms. */
export interface Stretch {
  from: number;
  to: number;
  device: Device;
  /** False for the time before it was registered, which has the values of its registration. */
  isRegistered: boolean;
}
