import type { AddressInfo } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import { messageOf, TownError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { createApplication } from './application.ts';
import type { Authenticator, Principal } from './principal.ts';
import type { ProbeParts } from './probes.ts';
import type { AlertsParts } from './resources/alerts.ts';
import type { BackupParts } from './resources/backup.ts';
import type { ClockParts } from './resources/clock.ts';
import type { ComplianceParts } from './resources/compliance.ts';
import type { DeadLettersParts } from './resources/dead-letters.ts';
import type { FaultDesk } from './resources/demo-faults.ts';
import type { DeviceImportParts } from './resources/device-import.ts';
import type { DevicesParts } from './resources/devices.ts';
import type { ExclusionsParts } from './resources/exclusions.ts';
import type { ExportParts } from './resources/export.ts';
import type { FacilitiesParts } from './resources/facilities.ts';
import type { LatestParts } from './resources/latest.ts';
import type { LedgerParts } from './resources/ledger.ts';
import type { LightingRateParts } from './resources/lighting-rate.ts';
import type { MaintenanceParts } from './resources/maintenance.ts';
import type { PatrolsParts } from './resources/patrols.ts';
import type { ReadingsParts } from './resources/readings.ts';
import type { RefusedParts } from './resources/refused.ts';
import type { ReplaysParts } from './resources/replays.ts';
import type { RulesParts } from './resources/rules.ts';
import type { TownParts } from './resources/town.ts';
import type { WhyParts } from './resources/why.ts';
import type { HttpSettings } from './settings.ts';

/** What the API stands on, each resource's part from the resource itself. */
export interface HttpParts
  extends ProbeParts,
    ClockParts,
    LedgerParts,
    TownParts,
    DevicesParts,
    LatestParts,
    RefusedParts,
    DeviceImportParts,
    ReadingsParts,
    ExportParts,
    DeadLettersParts,
    LightingRateParts,
    FacilitiesParts,
    ComplianceParts,
    ExclusionsParts,
    MaintenanceParts,
    PatrolsParts,
    RulesParts,
    ReplaysParts,
    WhyParts,
    AlertsParts,
    BackupParts {
  log: Logger;
  /** The machine's own clock, for sessions and for the end. */
  realClock: Clock;
  tokens: Authenticator;
  /** The folder of the built console. */
  page: string;
  /** The demo's faults, and as whom its page signs in by itself; null outside the demo. */
  demo: { officer: Principal; faults: FaultDesk } | null;
}

/** The HTTP server. */
export interface HttpServer {
  /**
   * Listens on `host` and the port of the settings; resolves to the port it got.
   * @throws TownError `port-in-use`, `config-invalid` for an address that cannot be listened on
   */
  listen(host: string): Promise<number>;
  /** Takes no more requests, lets those under way finish for a few seconds, and closes every connection. */
  close(): Promise<void>;
}

const GRACE_MS = 3_000;

/** Makes the server; it does nothing before it listens. */
export function createHttp(parts: HttpParts, settings: HttpSettings): HttpServer {
  const app = createApplication(parts, settings);
  return {
    listen: async (host) => {
      try {
        await app.listen({ host, port: settings.port });
      } catch (error) {
        throw explain(error, host, settings.port);
      }
      return (app.server.address() as AddressInfo).port;
    },
    close: async () => {
      const timer = parts.realClock.after('close http connections', GRACE_MS, () => app.server.closeAllConnections());
      try {
        await app.close();
      } finally {
        timer.stop();
      }
    },
  };
}

function explain(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    const advice = 'stop what listens there, or set TOWNPULSE_HTTP_PORT to another (0 takes a free one)';
    return new TownError('port-in-use', `port ${port} on ${host}, for HTTP, is in use: ${advice}`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    const advice = 'set TOWNPULSE_HOST or TOWNPULSE_HTTP_PORT';
    const message = `nothing can listen on ${host}, port ${port} (${messageOf(error)}): ${advice}`;
    return new TownError('config-invalid', message, { cause: error });
  }
  return error;
}
