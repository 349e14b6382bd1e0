/**
 * What an invited person reads.
 * Pure module.
 */
import type { Mail } from '../platform/mail.ts'
import type { Invitation } from './invitations.ts'

export function invitationMail(invitation: Invitation, url: string): Mail {
  const { organizationName, projectName, role, email, createdByName, expiresAt } = invitation
  const place = projectName === null ? organizationName : `the project ${projectName} of ${organizationName}`
  return {
    to: email,
    // One line, whatever a name holds: what follows a line break in a subject would be another header.
    subject: `Invitation to ${organizationName}`.replaceAll(/\s+/g, ' '),
    text: [
      `${createdByName ?? 'The operator of this installation'} invites you to ${place}, as ${role}.`,
      '',
      'Open this link to accept:',
      url,
      '',
      `It works once, until ${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC. If you expected no invitation, do nothing.`,
    ].join('\n'),
  }
}
