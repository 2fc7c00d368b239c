/** Flags that a sample carries for life. `clock` is set at the gate, `late` and `correction` by the history writer. */
export type SampleFlag = 'clock' | 'late' | 'correction';

/** A value of a field: a finite number in the kind's unit, or a switch. */
export type Value = number | boolean;

/** One device at one instant: what the gate made of a payload, and what the journal keeps. */
export interface Sample {
  /** The device, registered and not retired when it arrived. */
  device: string;
  kind: string;
  /** When it was measured, ms; within the window of the gate. (device, ts) is the sample's identity. */
  ts: number;
  /** Usable fields only; never empty. */
  values: Record<string, Value>;
  /** The device's own counter, where it sends one. */
  seq?: number;
  /** The time that was sent, ms, where `ts` had to be replaced (flag `clock`). */
  deviceTs?: number;
  /** True when `ts` is the arrival time because none was sent. Identity can't be recognised then. */
  assigned?: true;
}

/** Per kind: samples counted. */
export type CountByKind = Record<string, number>;
