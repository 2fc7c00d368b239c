import * as api from './api.ts';
import { usePolling } from './usePolling.ts';

// The inventory is long and changes seldom; names hardly ever do.
const INVENTORY_MS = 10_000;
const NAMES_MS = 60_000;

/** Everything the page shows of the town, each part fetched on its own, so that one that fails or lags holds up no other. */
export function useTown() {
  return {
    ready: usePolling(api.readReadiness),
    clock: usePolling(api.readClock),
    town: usePolling(api.readTownRate),
    villages: usePolling(api.readVillageRates),
    feeders: usePolling(api.readFeederRates),
    open: usePolling(api.readOpenAlerts),
    resolved: usePolling(api.readResolvedAlerts),
    ledger: usePolling(api.readLedger),
    pressures: usePolling(api.readPressures),
    leaks: usePolling(api.readLeaks),
    devices: usePolling(api.readDevices, INVENTORY_MS),
    areas: usePolling(api.readAreas, NAMES_MS),
    organisations: usePolling(api.readOrganisations, NAMES_MS),
    kinds: usePolling(api.readKinds, NAMES_MS),
  };
}

export type TownPicture = ReturnType<typeof useTown>;
