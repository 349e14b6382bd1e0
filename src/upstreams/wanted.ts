/** What an operator wants of an upstream, checked, as the row that says so. Pure module, save that what seals is random. */
import type { NetworkReach } from '../platform/network-reach.ts'
import { baseUrlIn } from './base-url.ts'
import { type AuthKind, headersOf, hintOf, mayCarrySecret } from './credential.ts'
import { CredentialRefused } from './errors.ts'
import type { ProbeTarget } from './probe.ts'
import type { PublishedModel } from './published-models.ts'
import type { UpstreamRow } from './tables.ts'
import { PRESETS, type UpstreamKind } from './upstream-kinds.ts'

export type UpstreamWanted = {
  name: string
  kind: UpstreamKind
  baseUrl: string
  network: NetworkReach
  authKind: AuthKind
  /** Null unless `authKind` is `header`. */
  authHeader: string | null
  /** Null or absent = none, or at a change the one that is there. */
  secret: string | null
  enabled: boolean
  published: PublishedModel[] | null
}

/** A new one; what it does not say, its kind does. */
export type NewUpstream = Partial<UpstreamWanted> & Pick<UpstreamWanted, 'name' | 'kind' | 'baseUrl'>

/** What is needed to look at one. */
export type UpstreamDraft = Pick<
  UpstreamWanted,
  'kind' | 'baseUrl' | 'network' | 'authKind' | 'authHeader' | 'secret'
> & {
  /** Whose secret is used where none is given; null = nobody's. */
  upstream: string | null
}

type Made = { id: string; by: { id: string; at: Date }; seal: (secret: string) => string }
type Credential = { authKind: AuthKind; authHeader: string | null; secret: string | null }

/**
 * @param before what stays where `wanted` does not name it; null = it is new
 * @throws UrlRefused · CredentialRefused
 */
export function rowFrom(wanted: Partial<UpstreamWanted>, before: UpstreamRow | null, made: Made): UpstreamRow {
  const kind = wanted.kind ?? before?.kind ?? 'openai'
  const network = wanted.network ?? before?.network ?? PRESETS[kind].network
  const baseUrl = baseUrlIn(wanted.baseUrl ?? before?.baseUrl ?? '', network)
  const authKind = wanted.authKind ?? before?.authKind ?? PRESETS[kind].authKind
  const authHeader = authKind === 'header' ? (wanted.authHeader ?? before?.authHeader ?? null) : null
  const isSealed = before?.secretSealed != null
  if (isSealed && !wanted.secret && authKind !== 'none' && !isSamePlace(baseUrl, before))
    throw new CredentialRefused({ reason: 'elsewhere' })
  checkCredential({ authKind, authHeader, secret: wanted.secret ?? null }, isSealed)
  return {
    id: made.id,
    name: wanted.name ?? before?.name ?? '',
    kind,
    baseUrl,
    network,
    authKind,
    authHeader: authHeader?.toLowerCase() ?? null,
    ...sealed(authKind, wanted.secret ?? null, before, made.seal),
    enabled: wanted.enabled ?? before?.enabled ?? true,
    published: wanted.published === undefined ? (before?.published ?? null) : wanted.published,
    // What another place listed says nothing of this one.
    discovered: before !== null && before.baseUrl === baseUrl ? before.discovered : [],
    createdAt: before?.createdAt ?? made.by.at,
    createdBy: before?.createdBy ?? made.by.id,
    updatedAt: made.by.at,
    updatedBy: made.by.id,
  }
}

/**
 * @param open null where a sealed text cannot be opened
 * @throws UrlRefused · CredentialRefused
 */
export function draftTarget(
  draft: UpstreamDraft,
  saved: UpstreamRow | null,
  open: (sealed: string) => string | null,
): ProbeTarget {
  const { kind, network, authKind, authHeader } = draft
  const baseUrl = baseUrlIn(draft.baseUrl, network)
  const lent = saved?.secretSealed != null && draft.secret === null && authKind !== 'none' ? saved.secretSealed : null
  if (lent !== null && !isSamePlace(baseUrl, saved)) throw new CredentialRefused({ reason: 'elsewhere' })
  const secret = draft.secret ?? (lent === null ? null : open(lent))
  checkCredential({ authKind, authHeader, secret }, false)
  const { speaks } = PRESETS[kind]
  const headers = headersOf(speaks, { kind: authKind, header: authHeader?.toLowerCase() ?? null }, secret)
  return { baseUrl, network, speaks, headers }
}

/** A secret goes to the host that it was given for, and to no other. */
function isSamePlace(baseUrl: string, before: Pick<UpstreamRow, 'baseUrl'> | null): boolean {
  return before !== null && new URL(before.baseUrl).origin === new URL(baseUrl).origin
}

function checkCredential({ authKind, authHeader, secret }: Credential, hasOne: boolean): void {
  if (authKind === 'none') {
    if (secret !== null) throw new CredentialRefused({ reason: 'unwanted' })
    return
  }
  if (secret !== null && !/^[\x21-\x7e]{1,4096}$/.test(secret)) throw new CredentialRefused({ reason: 'form' })
  if (authKind === 'header' && !mayCarrySecret(authHeader?.toLowerCase() ?? ''))
    throw new CredentialRefused({ reason: 'header' })
  if (secret === null && !hasOne) throw new CredentialRefused({ reason: 'missing' })
}

function sealed(
  authKind: AuthKind,
  secret: string | null,
  before: UpstreamRow | null,
  seal: (secret: string) => string,
): Pick<UpstreamRow, 'secretSealed' | 'secretLast4'> {
  if (authKind === 'none') return { secretSealed: null, secretLast4: null }
  if (secret !== null) return { secretSealed: seal(secret), secretLast4: hintOf(secret) }
  return { secretSealed: before?.secretSealed ?? null, secretLast4: before?.secretLast4 ?? null }
}
