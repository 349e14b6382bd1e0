/**
 * The token for gated repositories of the hub: as the configuration says, else as an operator gave it. Owns the table
 * catalog_hub_token.
 *
 * The configuration wins, since whoever starts the program must be able to say what it uses; then nothing can be set
 * here. What is set is sealed under a key that lies outside the database, and is never told again but for its end.
 */
import { eq } from 'drizzle-orm'
import type { Identity } from '../identity/identity.ts'
import type { Caller } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import type { Sealer } from '../platform/sealed-text.ts'
import { HubTokenFixed, HubTokenMalformed } from './errors.ts'
import { catalogHubToken } from './tables.ts'

export type HubTokenDeps = {
  db: Db
  clock: Clock
  audit: Identity['audit']
  sealer: Sealer
  /** `HF_TOKEN`, or `hubToken` of the config file; null where neither is set. */
  configured: string | null
}

/** What may be told of the token. */
export type HubTokenView = {
  source: 'configuration' | 'settings' | 'none'
  last4: string | null
  /** A person's id, or `machine`; null unless it was set here. */
  setBy: string | null
  setAtMs: number | null
  /** False: it was sealed with a secret that this installation no longer has, and must be given again. */
  readable: boolean
}

export type HubToken = Awaited<ReturnType<typeof openHubToken>>

const ONLY_ROW = 1
/** What the hub's tokens look like; its own client refuses others. */
const TOKEN = /^hf_[A-Za-z0-9_-]{1,200}$/

/** Reads the token that was set, if one was. */
export async function openHubToken({ db, clock, audit, sealer, configured }: HubTokenDeps) {
  let [row = null] = await db.select().from(catalogHubToken)

  function view(): HubTokenView {
    if (configured !== null)
      return { source: 'configuration', last4: configured.slice(-4), setBy: null, setAtMs: null, readable: true }
    if (row === null) return { source: 'none', last4: null, setBy: null, setAtMs: null, readable: true }
    const { last4, setBy, setAt, sealed } = row
    return { source: 'settings', last4, setBy, setAtMs: setAt.getTime(), readable: sealer.open(sealed) !== null }
  }

  /** Sets or clears, with the event that says so. */
  async function change(caller: Caller, token: string | null): Promise<HubTokenView> {
    if (configured !== null) throw new HubTokenFixed({})
    const { actor, address } = audit.by(caller)
    const values = token && {
      sealed: sealer.seal(token),
      last4: token.slice(-4),
      setBy: actor.id,
      setAt: new Date(clock.nowMs()),
    }
    row = await db.transaction(async (tx) => {
      const [before = null] = await tx.select().from(catalogHubToken)
      if (!values) {
        if (before === null) return null
        await tx.delete(catalogHubToken).where(eq(catalogHubToken.id, ONLY_ROW))
      }
      const [after = null] = values
        ? await tx
            .insert(catalogHubToken)
            .values({ id: ONLY_ROW, ...values })
            .onConflictDoUpdate({ target: catalogHubToken.id, set: values })
            .returning()
        : []
      await audit.record(tx, {
        actor,
        address,
        organizationId: null,
        action: after ? 'hub_token.set' : 'hub_token.cleared',
        target: 'hub_token',
        before: before && { last4: before.last4 },
        after: after && { last4: after.last4 },
      })
      return after
    })
    return view()
  }

  return {
    /** The token to use now; null = none. */
    current: (): string | null => configured ?? (row && sealer.open(row.sealed)),

    view,

    /** @throws HubTokenFixed, HubTokenMalformed */
    async set(caller: Caller, token: string): Promise<HubTokenView> {
      if (configured === null && !TOKEN.test(token)) throw new HubTokenMalformed({})
      return change(caller, token)
    },

    /** Clearing what is not set changes nothing. @throws HubTokenFixed */
    clear: (caller: Caller): Promise<HubTokenView> => change(caller, null),
  }
}
