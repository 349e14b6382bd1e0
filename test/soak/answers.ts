/**
 * Counts the HTTP answers in what a connection sent, and whether the last of them is whole.
 *
 * Pure module.
 */
export type Answer = { status: number; body: string }

/** @returns answers that are whole, and whether bytes of another one are there */
export function answersIn(bytes: Buffer): { whole: Answer[]; isUnfinished: boolean } {
  const whole: Answer[] = []
  for (let at = 0; at < bytes.length; ) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    const head = headEnd < 0 ? '' : bytes.toString('latin1', at, headEnd)
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1])
    if (Number.isNaN(status)) return { whole, isUnfinished: true }
    const bodyAt = headEnd + 4
    const end = bodyEnd(bytes, bodyAt, head, status)
    if (end === null || end > bytes.length) return { whole, isUnfinished: true }
    if (status >= 200) whole.push({ status, body: bytes.toString('utf8', bodyAt, end) })
    at = end
  }
  return { whole, isUnfinished: false }
}

/** @returns null = not known yet */
function bodyEnd(bytes: Buffer, bodyAt: number, head: string, status: number): number | null {
  if (status < 200 || status === 204 || status === 304) return bodyAt
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return bodyAt + Number(length)
  const last = bytes.indexOf('0\r\n\r\n', bodyAt)
  // The end of chunks stands at the begin of a line; elsewhere it belongs to text, which has no CRLF here.
  return last < 0 ? null : last + 5
}
