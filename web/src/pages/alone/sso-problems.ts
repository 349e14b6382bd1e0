import type { useAloneWords } from './alone-words.ts'

/** Words that the server sends a browser back with when single sign-on did not work. */
const SSO_PROBLEMS = [
  'sso_email_unverified',
  'sso_domain_refused',
  'sso_not_invited',
  'sso_not_linked',
  'sso_email_missing',
  'sso_cancelled',
  'sso_expired',
  'sso_link_refused',
] as const

export function ssoProblem(t: ReturnType<typeof useAloneWords>, code: string): string {
  return t(SSO_PROBLEMS.find((known) => known === code) ?? 'sso_failed')
}
