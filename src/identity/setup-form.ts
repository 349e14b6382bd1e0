/**
 * What the set-up page asks, and what is wrong with an answer.
 * Pure module.
 */
import { isPlain } from '../platform/plain-name.ts'
import type { FormProblem } from './form-problem.ts'

export const PASSWORD_LENGTH_MIN = 12
export const PASSWORD_LENGTH_MAX = 128

export type SetupForm = { name: string; email: string; password: string; organization: string }
export type SetupProblems = Partial<Record<keyof SetupForm, FormProblem>>

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
    name: nameProblem(form.name, 'name_missing'),
    email: emailProblem(form.email),
    password: passwordProblem(form.password, form.email),
    organization: nameProblem(form.organization, 'organization_missing'),
  }
  const problems = Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== null)) as SetupProblems
  return { form, problems }
}

/** Why a password is refused; null = it is not. Length is what makes guessing hopeless, so no mix of characters is asked for. */
export function passwordProblem(password: string, email: string): FormProblem | null {
  const { length } = password
  if (length < PASSWORD_LENGTH_MIN) return { kind: 'too_short', lengthMin: PASSWORD_LENGTH_MIN, length }
  if (length > PASSWORD_LENGTH_MAX) return { kind: 'too_long', lengthMax: PASSWORD_LENGTH_MAX, length }
  if (password.toLowerCase() === email) return { kind: 'password_is_email' }
  if (new Set(password).size < 4) return { kind: 'password_too_simple' }
  return null
}

function nameProblem(name: string, empty: 'name_missing' | 'organization_missing'): FormProblem | null {
  const { length } = name
  if (length === 0) return { kind: empty }
  if (!isPlain(name)) return { kind: 'name_not_plain' }
  return length > NAME_LENGTH_MAX ? { kind: 'too_long', lengthMax: NAME_LENGTH_MAX, length } : null
}

function emailProblem(email: string): FormProblem | null {
  if (email === '') return { kind: 'email_missing' }
  return email.length <= 254 && EMAIL.test(email) ? null : { kind: 'email_malformed' }
}

/** As Better Auth checks it at sign-in, so that nobody is set up with an address that can never sign in (zod 4's `email`). */
const EMAIL = /^(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/
