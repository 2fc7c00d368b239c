import { Ledger } from '../../model/ledger.ts';
import type { Api } from '../api.ts';

/** What the ledger's resource needs. */
export interface LedgerParts {
  /** The loss ledger as it stands at this moment. */
  ledger(): Ledger | Promise<Ledger>;
}

const ShownLedger = Ledger.meta({ id: 'Ledger' });

/** `GET /ledger` */
export function ledgerResource(api: Api, parts: LedgerParts): void {
  const schema = {
    summary: 'What became of every sample that was received',
    tags: ['readings'],
    response: { 200: ShownLedger },
  };
  api.get('/ledger', { schema }, () => parts.ledger());
}
