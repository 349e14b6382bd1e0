/**
 * What a tab keeps of somebody's work belongs to that person: whoever signs in next in the same tab finds none of it.
 * Each name in the tab's storage holds the person's id; signing out, and the arrival of somebody else, remove the rest.
 */
const PREFIX = 'tradewind.of.'

/** A caller without a person: the machine's own key. */
const MACHINE = 'machine'

/** Null before anybody is known to be signed in, and after signing out: then nothing is kept. */
let owner: string | null = null

/** @returns whether somebody else was here since the page was loaded, so that what is in its memory is theirs */
export function tabIsOf(personId: string | null): boolean {
  const next = personId ?? MACHINE
  const wasAnothers = owner !== null && owner !== next
  if (owner === next) return false
  removeAll((name) => !name.startsWith(`${PREFIX}${next}.`))
  // Until that memory is gone it must not be written under the new name.
  owner = wasAnothers ? null : next
  return wasAnothers
}

/** At the end of a session that its person ends: nothing is left, and nothing is kept until the next page. */
export function forgetOwner(): void {
  owner = null
  removeAll(() => true)
}

export function keepMine(name: string, text: string): void {
  if (owner === null) return
  try {
    sessionStorage.setItem(nameOf(owner, name), text)
  } catch {
    // Full, or none: it is there until the page is reloaded.
  }
}

export function forgetMine(name: string): void {
  if (owner === null) return
  try {
    sessionStorage.removeItem(nameOf(owner, name))
  } catch {
    // Then there is none.
  }
}

/** Null = nothing is kept under this name, or nothing can be. */
export function keptMine(name: string): string | null {
  if (owner === null) return null
  try {
    return sessionStorage.getItem(nameOf(owner, name))
  } catch {
    return null
  }
}

const nameOf = (person: string, name: string): string => `${PREFIX}${person}.${name}`

function removeAll(which: (name: string) => boolean): void {
  try {
    for (const name of Object.keys(sessionStorage))
      if (name.startsWith(PREFIX) && which(name)) sessionStorage.removeItem(name)
  } catch {
    // Then nothing was kept.
  }
}
