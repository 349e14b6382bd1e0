/** A mail server for tests, on loopback: a real one, which keeps what it gets. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type ReceivedMail = { from: string; to: string[]; subject: string; text: string; raw: string }

export type MailServer = {
  /** For SMTP_URL. */
  url: string
  mails: ReceivedMail[]
  /** What clients signed in with. */
  passwords: string[]
  /** Resolves with the next mail to `address`, or with one that is here and was not asked for yet. */
  next(address: string): Promise<ReceivedMail>
  close(): Promise<void>
}

/** @param refuses the words with which it refuses every mail */
export async function startMailServer(refuses?: string): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  const passwords: string[] = []
  const handedOut = new Set<ReceivedMail>()
  let wake = () => {}
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth(auth, _session, done) {
      passwords.push(auth.password ?? '')
      done(null, { user: auth.username ?? '' })
    },
    onRcptTo(_address, _session, done) {
      done(refuses === undefined ? null : new Error(refuses))
    },
    onData(stream, { envelope }, done) {
      let raw = ''
      stream.setEncoding('utf8').on('data', (text: string) => {
        raw += text
      })
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), ...read(raw), raw })
        done()
        wake()
      })
    },
  })
  server.on('error', () => undefined) // a client that broke off; the test looks at what the client says
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    passwords,
    async next(address) {
      for (;;) {
        const mail = mails.find((one) => one.to.includes(address) && !handedOut.has(one))
        if (mail) {
          handedOut.add(mail)
          return mail
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** Subject and text of a mail in one part, as our mailer writes them. */
function read(raw: string): { subject: string; text: string } {
  const [head = '', ...body] = raw.split('\r\n\r\n')
  const header = (name: string) =>
    new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(head)?.[1]?.replaceAll(/\r\n[ \t]/g, ' ') ?? ''
  const encoding = header('content-transfer-encoding')
  const text = body.join('\r\n\r\n').replaceAll('\r\n', '\n')
  return {
    subject: header('subject').replaceAll(/=\?utf-8\?([qb])\?(.*?)\?=/gi, (_all, kind: string, coded: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(coded, 'base64').toString() : unquoted(coded.replaceAll('_', ' ')),
    ),
    text:
      encoding === 'base64'
        ? Buffer.from(text, 'base64').toString()
        : encoding === 'quoted-printable'
          ? unquoted(text)
          : text,
  }
}

/** https://www.rfc-editor.org/rfc/rfc2045#section-6.7 */
function unquoted(text: string): string {
  const bytes = text
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
