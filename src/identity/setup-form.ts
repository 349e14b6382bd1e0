/**
 * What the set-up page asks, and what is wrong with an answer.
 * Pure module.
 */
import { isPlain } from '../platform/plain-name.ts'

export const PASSWORD_LENGTH_MIN = 12
export const PASSWORD_LENGTH_MAX = 128

export type SetupForm = { name: string; email: string; password: string; organization: string }
export type SetupProblems = Partial<Record<keyof SetupForm, string>>

const NAME_LENGTH_MAX = 100

/** Every problem at once, by field; none = the form can be used. Names are trimmed, the password is taken as it is. */
export function checkSetupForm(fields: Partial<SetupForm>): { form: SetupForm; problems: SetupProblems } {
  const form = {
    name: (fields.name ?? '').trim(),
    email: (fields.email ?? '').trim().toLowerCase(),
    password: fields.password ?? '',
    organization: (fields.organization ?? '').trim(),
  }
  const found = {
    name: nameProblem(form.name, 'Enter your name.'),
    email: emailProblem(form.email),
    password: passwordProblem(form.password, form.email),
    organization: nameProblem(form.organization, 'Name the organisation; your own name will do.'),
  }
  const problems = Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== null)) as SetupProblems
  return { form, problems }
}

/** Why a password is refused; null = it is not. Length is what makes guessing hopeless, so no mix of characters is asked for. */
export function passwordProblem(password: string, email: string): string | null {
  if (password.length < PASSWORD_LENGTH_MIN)
    return `Use at least ${PASSWORD_LENGTH_MIN} characters${password.length > 0 ? `; these are ${password.length}` : ''}.`
  if (password.length > PASSWORD_LENGTH_MAX)
    return `Use at most ${PASSWORD_LENGTH_MAX} characters; these are ${password.length}.`
  if (password.toLowerCase() === email) return 'Choose something other than the e-mail address.'
  if (new Set(password).size < 4) return 'Choose something with more than three different characters.'
  return null
}

function nameProblem(name: string, empty: string): string | null {
  if (name === '') return empty
  if (!isPlain(name)) return 'Use one line of plain text, without control characters.'
  return name.length > NAME_LENGTH_MAX ? `Use at most ${NAME_LENGTH_MAX} characters; these are ${name.length}.` : null
}

function emailProblem(email: string): string | null {
  if (email === '') return 'Enter your e-mail address: you will sign in with it.'
  return email.length <= 254 && EMAIL.test(email) ? null : 'This is not an e-mail address, such as ada@example.com.'
}

/** As Better Auth checks it at sign-in, so that nobody is set up with an address that can never sign in (zod 4's `email`). */
const EMAIL = /^(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/
