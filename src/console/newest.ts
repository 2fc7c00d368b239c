interface OfDevice {
  ts: string;
  device: string;
}

/** Each device's newest reading or bucket, in no order. */
export function newestOfEach<T extends OfDevice>(items: readonly T[]): T[] {
  const newest = new Map<string, T>();
  for (const item of items) {
    const known = newest.get(item.device);
    if (known === undefined || Date.parse(known.ts) <= Date.parse(item.ts)) newest.set(item.device, item);
  }
  return [...newest.values()];
}

/** When the newest reading was made or the newest bucket began, ms, or null when there is none. */
export function newestTime(items: readonly OfDevice[]): number | null {
  return items.length === 0 ? null : Math.max(...items.map(({ ts }) => Date.parse(ts)));
}
