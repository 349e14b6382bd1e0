/**
 * Mail to people, in plain text, over the SMTP server that SMTP_URL names. An installation without one is complete too:
 * whoever asks looks at `configured` first and shows a link to copy instead.
 */
import type { Transporter } from 'nodemailer'
import { AppError } from './errors.ts'
import { isLoopback } from './loopback.ts'

export type MailConfig = {
  /** `smtp://user:password@host:587`, or `smtps://…` for TLS from the first byte. */
  smtpUrl: string
  /** `Tradewind <tradewind@example.com>`, or the address alone. */
  from: string
}

export type Mail = {
  /** One address, without a name. */
  to: string
  subject: string
  text: string
}

export type Mailer = {
  /** False = there is no mail server, and `send` refuses. */
  configured: boolean
  /**
   * Hands one mail to the server, in half a minute at most.
   * @throws MailNotConfigured
   * @throws MailFailed where the server did not take it; the cause is in the log's line, not in the sentence
   */
  send(mail: Mail): Promise<void>
}

export class MailNotConfigured extends AppError<Record<never, never>> {
  static override code = 'mail.not_configured'
  static override status = 409
  static override say = () =>
    'This installation has no mail server, so it cannot send this. An operator names one in SMTP_URL and MAIL_FROM.'
}

export class MailFailed extends AppError<Record<never, never>> {
  static override code = 'mail.failed'
  static override status = 502
  static override say = () => 'The mail server of this installation did not take the mail. Nothing was sent.'
}

const CONNECT_MS_MAX = 10_000
const SILENCE_MS_MAX = 20_000

/** @param config null = no mail server */
export function createMailer(config: MailConfig | null): Mailer {
  let opened: Promise<Transporter> | null = null

  async function open({ smtpUrl, from }: MailConfig): Promise<Transporter> {
    const { createTransport } = await import('nodemailer')
    return createTransport(
      {
        url: smtpUrl,
        requireTLS: needsTls(smtpUrl),
        connectionTimeout: CONNECT_MS_MAX,
        greetingTimeout: CONNECT_MS_MAX,
        socketTimeout: SILENCE_MS_MAX,
        // A text of ours never names a file or an address to attach.
        disableFileAccess: true,
        disableUrlAccess: true,
      },
      { from },
    )
  }

  return {
    configured: config !== null,
    async send({ to, subject, text }) {
      if (config === null) throw new MailNotConfigured({})
      try {
        opened ??= open(config)
        // As an object: a text would be read as a list, in which one address could hide another.
        await (await opened).sendMail({ to: { name: '', address: to }, subject, text })
      } catch (error) {
        throw new MailFailed({}, { cause: error })
      }
    },
  }
}

/** A password goes in clear over no network, whatever the server offers. */
function needsTls(smtpUrl: string): boolean {
  const { protocol, password, hostname } = new URL(smtpUrl)
  return protocol === 'smtp:' && password !== '' && !isLoopback(hostname)
}
