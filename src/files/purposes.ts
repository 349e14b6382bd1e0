/** What a file is for, in OpenAI's words, and how long it stays. Pure module. */

/** Those that a client may upload for. */
export const UPLOAD_PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'] as const
export const FILE_PURPOSES = [...UPLOAD_PURPOSES, 'batch_output'] as const
export type FilePurpose = (typeof FILE_PURPOSES)[number]

export const EXPIRES_S_MIN = 3_600
export const EXPIRES_S_MAX = 2_592_000

/** As OpenAI does: input of batches goes after 30 days, everything else stays until it is deleted. */
export function expiryOf(purpose: FilePurpose, expiresAfterS: number | null, createdAtMs: number): Date | null {
  const seconds = expiresAfterS ?? (purpose === 'batch' ? EXPIRES_S_MAX : null)
  return seconds === null ? null : new Date(createdAtMs + seconds * 1_000)
}

export function isUploadPurpose(text: string): text is (typeof UPLOAD_PURPOSES)[number] {
  return (UPLOAD_PURPOSES as readonly string[]).includes(text)
}
