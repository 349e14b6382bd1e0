/** /api/usage and /api/requests: what was consumed, as figures and one by one. */
import type { Server } from '../platform/http.ts'
import type { Billing } from './billing.ts'
import { type RequestExtras, requestRoutes } from './request-routes.ts'
import { usageRoutes } from './usage-routes.ts'

export type BillingRoutesOptions = {
  billing: Billing
  /** Who keeps more of a request than its usage; absent = nobody. */
  extras?: RequestExtras
}

/** Adds billing's routes. The server must be guarded (`guardRoutes`). */
export async function billingRoutes(server: Server, { billing, extras }: BillingRoutesOptions): Promise<void> {
  await usageRoutes(server, { billing })
  await requestRoutes(server, { billing, ...(extras ? { extras } : {}) })
}
