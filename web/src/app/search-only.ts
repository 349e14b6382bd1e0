/**
 * What an address may say, and no more. The router adds what a page's reader returns to what stands in the address, so
 * what the reader leaves out has to be unsaid: else an unknown value reaches the page, and the server.
 */
export function only<Search extends object>(parse: (raw: Record<string, unknown>) => Search) {
  return (raw: Record<string, unknown>): Search => {
    const unsaid = Object.fromEntries(
      Object.keys(raw)
        .filter((name) => name !== 'project') // the frame's
        .map((name) => [name, undefined]),
    )
    return { ...unsaid, ...parse(raw) }
  }
}
