import { useNavigate, useSearch } from '@tanstack/react-router'

type Change<Search> = { [Name in keyof Search]?: Search[Name] | undefined }

/**
 * What the address of the page says, and a way to change it: `undefined` takes something out. A change is a step back in
 * the browser, unless it replaces the one before.
 */
export function useAddress<Search extends object>() {
  const all: object = useSearch({ strict: false })
  const navigate = useNavigate()
  const set = (change: Change<Search>, { replace = false } = {}) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace, resetScroll: false } as never)
  return { search: all as Search, set }
}

export type SetAddress<Search> = (change: Change<Search>, options?: { replace?: boolean }) => void
