/**
 * Thoughts in `encrypted_content`: a client that keeps nothing here sends them back as they came, and the model has them
 * again. They are encoded and not encrypted, since they are the client's own: `content` tells the same in the open. A
 * secret of the installation's would bind conversations to it, and protect nothing.
 *
 * Pure module.
 */
const MARK = 'tw1.'

export function sealedReasoning(text: string): string {
  return MARK + Buffer.from(text).toString('base64url')
}

/** @returns null for what is missing, and for what somebody else has sealed: it says nothing to any model here */
export function openedReasoning(sealed: string | undefined): string | null {
  return sealed?.startsWith(MARK) ? Buffer.from(sealed.slice(MARK.length), 'base64url').toString('utf8') : null
}
