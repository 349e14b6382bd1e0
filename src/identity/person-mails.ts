/**
 * What people are written. Plain text; a name goes into the greeting only, in one line, since it is what somebody typed.
 * Pure module.
 */
import type { Mail } from '../platform/mail.ts'

type To = { name: string; email: string }

export function passwordResetMail({ name, email }: To, url: string): Mail {
  return mail(email, 'Set a new password', name, [
    'Somebody, probably you, asked to set a new password for your account. Open this link within an hour:',
    url,
    'If it was not you, do nothing: your password stays as it is.',
  ])
}

export function passwordChangedMail({ name, email }: To, publicUrl: string): Mail {
  return mail(email, 'Your password was changed', name, [
    `A new password was set for your account at ${publicUrl}, and you were signed out everywhere.`,
    'If it was not you, tell whoever runs this installation at once.',
  ])
}

export function emailChangeMail({ name, email }: To, url: string): Mail {
  return mail(email, 'Confirm your new e-mail address', name, [
    'To sign in with this address from now on, open this link within an hour:',
    url,
    'If you did not ask for this, do nothing.',
  ])
}

export function emailChangedMail({ name, email }: To, newEmail: string, publicUrl: string): Mail {
  return mail(email, 'Your e-mail address was changed', name, [
    `Your account at ${publicUrl} now belongs to ${newEmail}, and this address opens it no more.`,
    'If it was not you, tell whoever runs this installation at once.',
  ])
}

function mail(to: string, subject: string, name: string, paragraphs: string[]): Mail {
  const greeting = `Hello ${name.replaceAll(/\s+/g, ' ').trim()},`
  return { to, subject: `${subject} · Tradewind`, text: `${[greeting, ...paragraphs].join('\n\n')}\n` }
}
