import { AppError } from '../platform/errors.ts'

export class UpstreamUnknown extends AppError<{ upstream: string }> {
  static override code = 'upstreams.upstream_unknown'
  static override status = 404
  static override say = (d: { upstream: string }) => `There is no upstream ${d.upstream}.`
}

export class UpstreamNameTaken extends AppError<{ name: string }> {
  static override code = 'upstreams.name_taken'
  static override status = 409
  static override say = (d: { name: string }) => `There is already an upstream named ${d.name}.`
}

/** Of a name that clients would use for two models. */
export class ModelNameTaken extends AppError<{ model: string }> {
  static override code = 'upstreams.model_name_taken'
  static override status = 409
  static override say = (d: { model: string }) => `Another model is already called ${d.model}. Choose another name.`
}

export const URL_TROUBLES = [
  'form',
  'scheme',
  'credentials',
  'more',
  'operation',
  'private_address',
  'forbidden_address',
] as const
export type UrlTrouble = (typeof URL_TROUBLES)[number]

const URL_TROUBLE: Readonly<Record<UrlTrouble, string>> = {
  form: 'This is no URL. Write it as https://host/path.',
  scheme: 'The URL must begin with https:// or http://.',
  credentials: 'The URL holds a user or a password. Give the secret in its own field.',
  more: 'The URL must end with its path: leave out what begins with ? or #.',
  operation: 'This is the URL of one operation. Give the part of it before /v1.',
  private_address:
    'This address belongs to this machine or its network. Say that the upstream is on a private network.',
  forbidden_address:
    'This address is link-local, multicast or of a metadata service, which is never reached from here.',
}

export class UrlRefused extends AppError<{ reason: UrlTrouble }> {
  static override code = 'upstreams.url_refused'
  static override status = 400
  static override say = (d: { reason: UrlTrouble }) => URL_TROUBLE[d.reason]
}

/** Where it cannot be: no secret for a kind that needs one, a header that may not carry it, or a secret beside `none`. */
export class CredentialRefused extends AppError<{ reason: 'missing' | 'form' | 'header' | 'unwanted' | 'elsewhere' }> {
  static override code = 'upstreams.credential_refused'
  static override status = 400
  static override say = (d: { reason: 'missing' | 'form' | 'header' | 'unwanted' | 'elsewhere' }) =>
    ({
      missing: 'This kind of credential needs a secret.',
      form: 'The secret must be of visible characters, without spaces.',
      header: 'The secret needs the name of a header that may carry it, such as api-key.',
      unwanted: 'A secret came, but the upstream is said to need none.',
      elsewhere: 'The upstream moves to another host. Give its secret again: it would go to that host.',
    })[d.reason]
}

export class TooManyUpstreams extends AppError<{ upstreams: number }> {
  static override code = 'upstreams.too_many'
  static override status = 409
  static override say = (d: { upstreams: number }) =>
    `There are ${d.upstreams} upstreams, which is as many as there may be. Delete some.`
}
