/** The settings of how people sign in: mail, single sign-on, and how long a session lasts. Read by `config.ts`. */
import type { Setting } from './config.ts'
import { isLoopback } from './loopback.ts'
import type { MailConfig } from './mail.ts'

/** Roles that a first-time person may get by single sign-on. An owner is made by an owner. */
export const FIRST_ROLES = ['admin', 'developer', 'viewer'] as const

export type OidcConfig = {
  /** As the provider writes it itself: compared to the letter. */
  issuer: string
  clientId: string
  clientSecret: string
  /** On the button. */
  name: string
  /** In small letters; none = any. */
  allowedDomains: string[]
  /** What becomes of somebody who was never here and was not invited; null = refused. */
  firstTime: {
    role: (typeof FIRST_ROLES)[number]
    /** Null = the first organisation of the installation. */
    organizationId: string | null
  } | null
}

export type SessionConfig = {
  /** A session ends after so long without use. */
  idleMs: number
  /** And after so long in any case. */
  longestMs: number
}

export type SignInConfig = { mail: MailConfig | null; oidc: OidcConfig | null; session: SessionConfig }

export const SIGN_IN_SETTINGS = {
  smtpUrl: {
    env: 'SMTP_URL',
    file: 'smtpUrl',
    default: '',
    says: 'Mail server: smtp://user:password@host:587, or smtps://…:465. Empty: no mail is sent, and links are shown to copy instead.',
    secret: 'login',
  },
  mailFrom: {
    env: 'MAIL_FROM',
    file: 'mailFrom',
    default: '',
    says: 'Sender of mail, such as "Tradewind <tradewind@example.com>". Needed with SMTP_URL.',
  },
  oidcIssuer: {
    env: 'OIDC_ISSUER',
    file: 'oidcIssuer',
    default: '',
    says: 'Single sign-on by OpenID Connect: the issuer, whose /.well-known/openid-configuration is read. Register PUBLIC_URL followed by /api/auth/callback/oidc there as the redirect address.',
  },
  oidcClientId: {
    env: 'OIDC_CLIENT_ID',
    file: 'oidcClientId',
    default: '',
    says: 'What the provider calls this client.',
  },
  oidcClientSecret: {
    env: 'OIDC_CLIENT_SECRET',
    file: 'oidcClientSecret',
    default: '',
    says: 'The secret that the provider gave this client.',
    secret: 'whole',
  },
  oidcName: {
    env: 'OIDC_NAME',
    file: 'oidcName',
    default: 'the host of OIDC_ISSUER',
    says: 'What the button on the sign-in page calls the provider.',
  },
  oidcAllowedDomains: {
    env: 'OIDC_ALLOWED_DOMAINS',
    file: 'oidcAllowedDomains',
    default: '',
    says: 'Domains of e-mail addresses that may sign in this way, with commas. Empty: whoever the provider lets in.',
  },
  oidcFirstRole: {
    env: 'OIDC_FIRST_ROLE',
    file: 'oidcFirstRole',
    default: '',
    says: `What a person becomes who signs in this way for the first time without an invitation: ${FIRST_ROLES.join(', ')}. Empty: only invited people get in.`,
  },
  oidcFirstOrganization: {
    env: 'OIDC_FIRST_ORGANIZATION',
    file: 'oidcFirstOrganization',
    default: '',
    says: 'Id of the organisation that such a person joins. Empty: the first one.',
  },
  sessionIdleHours: {
    env: 'SESSION_IDLE_HOURS',
    file: 'sessionIdleHours',
    default: '168',
    says: 'A session ends after so many hours without use.',
  },
  sessionDays: {
    env: 'SESSION_DAYS',
    file: 'sessionDays',
    default: '30',
    says: 'A session ends so many days after its sign-in, however much it is used.',
  },
} as const satisfies Record<string, Setting>

/** How one setting is read; `config.ts` has it. */
export type SettingReader = {
  value(setting: Setting): string
  /** Where a person has to change it. */
  place(setting: Setting): string
  wholeNumber(setting: Setting, otherwise: string, least: number, most: number): number
  /** @throws ConfigRefused */
  refuse(sentence: string): never
}

/** @throws ConfigRefused with the sentence that fixes it */
export function readSignInConfig(reader: SettingReader, publicUrl: string): SignInConfig {
  return { mail: readMail(reader), oidc: readOidc(reader, publicUrl), session: readSession(reader) }
}

function readMail({ value, place, refuse }: SettingReader): MailConfig | null {
  const [smtpUrl, from] = [value(SIGN_IN_SETTINGS.smtpUrl), value(SIGN_IN_SETTINGS.mailFrom)]
  if (smtpUrl === '') {
    if (from !== '') refuse(`${place(SIGN_IN_SETTINGS.mailFrom)} is given without SMTP_URL; name the mail server too.`)
    return null
  }
  // The value stays out of the sentence: it may hold a password.
  if (!/^smtps?:\/\/[^/?#]/.test(smtpUrl) || !URL.canParse(smtpUrl))
    refuse(`${place(SIGN_IN_SETTINGS.smtpUrl)} must be an address such as smtp://user:password@mail.example.com:587.`)
  if (from === '') refuse('SMTP_URL is given without MAIL_FROM; name the sender, such as tradewind@example.com.')
  if (!/^([^<>\r\n]*<)?[^\s<>@]+@[^\s<>@]+>?$/.test(from) || from.includes('<') !== from.endsWith('>'))
    refuse(
      `${place(SIGN_IN_SETTINGS.mailFrom)} is "${from}"; write it as Tradewind <tradewind@example.com>, or as the address alone.`,
    )
  return { smtpUrl, from }
}

function readOidc({ value, place, refuse }: SettingReader, publicUrl: string): OidcConfig | null {
  const issuer = value(SIGN_IN_SETTINGS.oidcIssuer)
  const others = [
    SIGN_IN_SETTINGS.oidcClientId,
    SIGN_IN_SETTINGS.oidcClientSecret,
    SIGN_IN_SETTINGS.oidcName,
    SIGN_IN_SETTINGS.oidcAllowedDomains,
    SIGN_IN_SETTINGS.oidcFirstRole,
    SIGN_IN_SETTINGS.oidcFirstOrganization,
  ]
  if (issuer === '') {
    const stray = others.find((setting) => value(setting) !== '')
    if (stray) refuse(`${place(stray)} is given without OIDC_ISSUER; name the provider too, or take it out.`)
    return null
  }
  if (!URL.canParse(issuer) || !isSafeAddress(issuer) || /[?#]/.test(issuer))
    refuse(
      `${place(SIGN_IN_SETTINGS.oidcIssuer)} is "${issuer}"; give the https:// address of the provider, without ? and #.`,
    )
  for (const needed of [SIGN_IN_SETTINGS.oidcClientId, SIGN_IN_SETTINGS.oidcClientSecret])
    if (value(needed) === '') refuse(`OIDC_ISSUER is given without ${needed.env}; the provider has it.`)
  if (!isSafeAddress(publicUrl))
    refuse(
      `PUBLIC_URL is ${publicUrl}, and single sign-on over plain http can be read on the way; set it to an https:// address.`,
    )

  const allowedDomains = value(SIGN_IN_SETTINGS.oidcAllowedDomains)
    .split(',')
    .map((domain) => domain.trim().toLowerCase())
    .filter(Boolean)
  const broken = allowedDomains.find((domain) => !/^([a-z0-9-]+\.)+[a-z0-9-]{2,}$/.test(domain))
  if (broken !== undefined)
    refuse(
      `${place(SIGN_IN_SETTINGS.oidcAllowedDomains)} names "${broken}"; write domains as example.com, example.org.`,
    )

  const role = value(SIGN_IN_SETTINGS.oidcFirstRole)
  const organizationId = value(SIGN_IN_SETTINGS.oidcFirstOrganization) || null
  if (role === '' && organizationId !== null)
    refuse('OIDC_FIRST_ORGANIZATION is given without OIDC_FIRST_ROLE; say what first-time people become there.')
  if (role !== '' && !isFirstRole(role))
    refuse(`${place(SIGN_IN_SETTINGS.oidcFirstRole)} is "${role}"; use one of ${FIRST_ROLES.join(', ')}.`)
  return {
    issuer,
    clientId: value(SIGN_IN_SETTINGS.oidcClientId),
    clientSecret: value(SIGN_IN_SETTINGS.oidcClientSecret),
    name: value(SIGN_IN_SETTINGS.oidcName) || new URL(issuer).hostname,
    allowedDomains,
    firstTime: isFirstRole(role) ? { role, organizationId } : null,
  }
}

function readSession({ wholeNumber, refuse }: SettingReader): SessionConfig {
  const { sessionIdleHours, sessionDays } = SIGN_IN_SETTINGS
  const idleHours = wholeNumber(sessionIdleHours, sessionIdleHours.default, 1, 24 * 365)
  const days = wholeNumber(sessionDays, sessionDays.default, 1, 365)
  if (idleHours > days * 24)
    refuse(
      `SESSION_IDLE_HOURS is ${idleHours} and SESSION_DAYS is ${days}: a session cannot be idle for longer than it lasts. Give at most ${days * 24} hours.`,
    )
  return { idleMs: idleHours * 3_600_000, longestMs: days * 24 * 3_600_000 }
}

/** Nobody on the way can read or change what goes there. */
function isSafeAddress(address: string): boolean {
  const { protocol, hostname } = new URL(address)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

function isFirstRole(text: string): text is (typeof FIRST_ROLES)[number] {
  return (FIRST_ROLES as readonly string[]).includes(text)
}
