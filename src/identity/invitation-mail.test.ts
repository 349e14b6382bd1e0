import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createMailer } from '../platform/mail.ts'
import { startMailServer } from '../platform/mail-server-stand-in.ts'
import { invitationMail } from './invitation-mail.ts'
import { testInstallation, tokenOf } from './test-installation.ts'

it('an invitation is mailed where there is a server, and the answer says what became of it', async (t) => {
  const server = await startMailServer()
  t.after(() => server.close())
  const at = await testInstallation({ mailer: createMailer({ smtpUrl: server.url, from: 'tradewind@example.com' }) })
  t.after(() => at.close())
  const { organization } = await at.setUp()
  const wanted = { organizationId: organization.id, projectId: null, email: 'new@example.com', role: 'viewer' as const }
  const made = await at.identity.invitations.create({ kind: 'machine' }, wanted)
  assert.equal(made.mail, 'sent')
  const mail = await server.next('new@example.com')
  assert.match(mail.subject, /Invitation to Kestrel Labs/)
  assert(mail.text.replaceAll(/=\r?\n/g, '').includes(tokenOf(made.url)), mail.text)
})

it('a mail server that refuses costs no invitation: its link works', async (t) => {
  const server = await startMailServer('not today')
  t.after(() => server.close())
  const at = await testInstallation({ mailer: createMailer({ smtpUrl: server.url, from: 'tradewind@example.com' }) })
  t.after(() => at.close())
  const { organization } = await at.setUp()
  const wanted = { organizationId: organization.id, projectId: null, email: 'new@example.com', role: 'viewer' as const }
  const made = await at.identity.invitations.create({ kind: 'machine' }, wanted)
  assert.equal(made.mail, 'failed')
  assert.equal((await at.identity.invitations.look(tokenOf(made.url), null)).email, 'new@example.com')
})

it('a name with line breaks adds no header', () => {
  const mail = invitationMail(
    {
      id: 'inv_1',
      organizationId: 'org_1',
      organizationName: 'Kestrel\r\nBcc: eve@example.com',
      projectId: null,
      projectName: null,
      email: 'new@example.com',
      role: 'viewer',
      createdAt: new Date(0),
      createdBy: 'machine',
      createdByName: null,
      expiresAt: new Date(0),
    },
    'http://localhost:8484/invite?token=x',
  )
  assert.doesNotMatch(mail.subject, /[\r\n]/)
  assert.match(mail.text, /until 1970-01-01 00:00 UTC/)
})
