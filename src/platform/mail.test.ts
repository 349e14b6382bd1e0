import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { createMailer, MailFailed, MailNotConfigured } from './mail.ts'
import { type MailServer, startMailServer } from './mail-server-stand-in.ts'

const servers: MailServer[] = []
after(() => Promise.all(servers.map((server) => server.close())))

async function serverThat(refuses?: string) {
  const server = await startMailServer(refuses)
  servers.push(server)
  return server
}

describe('mail', () => {
  it('reaches the server as it was written, from the sender of the settings', async () => {
    const server = await serverThat()
    const mailer = createMailer({ smtpUrl: server.url, from: 'Tradewind <post@example.org>' })
    assert.equal(mailer.configured, true)
    await mailer.send({
      to: 'ada@example.com',
      subject: 'Grüße',
      text: 'Ein Link:\nhttp://localhost:8484/x?token=a_b-c\n',
    })
    const [mail] = server.mails
    assert.deepEqual([mail?.from, mail?.to], ['post@example.org', ['ada@example.com']])
    assert.equal(mail?.subject, 'Grüße')
    assert.equal(mail?.text, 'Ein Link:\nhttp://localhost:8484/x?token=a_b-c\n')
  })

  it('goes to one address, whatever stands in it, and no line of it becomes a header', async () => {
    const server = await serverThat()
    const mailer = createMailer({ smtpUrl: server.url, from: 'post@example.org' })
    await mailer.send({ to: 'ada@example.com', subject: 'one\r\nBcc: eve@example.com', text: 'x' })
    assert.deepEqual(server.mails[0]?.to, ['ada@example.com'])
    assert.doesNotMatch(server.mails[0]?.raw ?? '', /^Bcc:/m)
    await mailer.send({ to: 'ada@example.com, eve@example.com', subject: 's', text: 'x' }).catch(() => undefined)
    assert(server.mails.every(({ to }) => !to.includes('eve@example.com')))
  })

  it('that the server refuses is refused with one sentence, and its reason as the cause', async () => {
    const server = await serverThat('No such box here')
    const mailer = createMailer({ smtpUrl: server.url, from: 'post@example.org' })
    await assert.rejects(mailer.send({ to: 'ada@example.com', subject: 's', text: 'x' }), (error) => {
      assert(error instanceof MailFailed)
      assert.match(String((error.cause as Error).message), /No such box here/)
      return true
    })
  })

  it('a password goes to no other machine in clear', async () => {
    const server = await serverThat()
    const { port } = new URL(server.url) as unknown as AddressInfo
    // By a name that is this machine's but does not say so, the server looks like another machine.
    const mailer = createMailer({ smtpUrl: `smtp://me:secret@[::ffff:127.0.0.1]:${port}`, from: 'post@example.org' })
    await assert.rejects(mailer.send({ to: 'ada@example.com', subject: 's', text: 'x' }), MailFailed)
    assert.deepEqual([server.mails.length, server.passwords.length], [0, 0])
  })

  it('without a server is not sent, and says who can change that', async () => {
    const mailer = createMailer(null)
    assert.equal(mailer.configured, false)
    await assert.rejects(mailer.send({ to: 'ada@example.com', subject: 's', text: 'x' }), MailNotConfigured)
  })
})
