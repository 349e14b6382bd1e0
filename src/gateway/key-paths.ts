/**
 * Paths of OpenAI's API that control answers to whoever has a key: files and batches. The worker lets the key in, as it
 * does for inference, and tells control which one it is; the secret itself goes no further. Pure module.
 */
const KEY_PATHS: readonly string[] = ['/v1/files', '/v1/batches']
/** An upload takes as long as its client is slow. */
const UPLOADS: readonly string[] = ['/v1/files']

/** @returns what metrics call it; null where no key is asked for here */
export function keyPathOf(path: string): string | null {
  return KEY_PATHS.find((one) => path === one || path.startsWith(`${one}/`)) ?? null
}

export function takesUploads(path: string): boolean {
  return UPLOADS.includes(path)
}
