/** Where to go after signing in. Only a path of ours: anything else goes home. Pure. */
export function pathOfOurs(next: string | undefined): string {
  if (next === undefined || !next.startsWith('/') || next.startsWith('//') || next.includes('\\')) return '/'
  try {
    const url = new URL(next, 'http://here.invalid')
    return url.host === 'here.invalid' ? `${url.pathname}${url.search}${url.hash}` : '/'
  } catch {
    return '/'
  }
}
