/** Passkeys in the browser: from the server's JSON to the browser's objects and back. */

type Json = Record<string, unknown>

/** Whether this browser can take part. It cannot on a bare address such as 127.0.0.1. */
export function passkeysKnown(): boolean {
  return typeof PublicKeyCredential !== 'undefined' && 'parseRequestOptionsFromJSON' in PublicKeyCredential
}

/** Asks the person for a passkey of this address. @throws DOMException when nothing was chosen */
export async function askForPasskey(options: Json): Promise<Json> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as never)
  return jsonOf(await navigator.credentials.get({ publicKey }))
}

/** Makes a passkey for this address. @throws DOMException when the person gave up, or it is there already */
export async function makePasskey(options: Json): Promise<Json> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as never)
  return jsonOf(await navigator.credentials.create({ publicKey }))
}

function jsonOf(credential: Credential | null): Json {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException('No passkey was chosen.', 'NotAllowedError')
  return credential.toJSON() as unknown as Json
}
