/**
 * The instants at which a kill hurts most. The service calls its `point` at each; it does nothing but in the crash test,
 * which ends the process there.
 */
export const POINTS = [
  'append.before',
  'append.after',
  'ack.before',
  'ack.after',
  'history.commit.before',
  'history.commit.after',
  'rules.commit.before',
  'rules.commit.after',
] as const;

/** The same of what the history does beside: rolling up, sealing, letting go. */
export const UPKEEP_POINTS = [
  'rollup.begun',
  'rollup.made',
  'seal.written',
  'seal.named',
  'seal.recorded',
  'drop.recorded',
] as const;

/** One of {@link POINTS} or {@link UPKEEP_POINTS}. */
export type PointName = (typeof POINTS)[number] | (typeof UPKEEP_POINTS)[number];

/** Called when the service passes a point. */
export type Point = (name: PointName) => void;

/** Passes every point without a word. */
export const noPoint: Point = () => {};
