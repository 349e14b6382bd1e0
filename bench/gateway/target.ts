/** One gateway that can be asked, as the bench sees it. */
export type Target = {
  name: string
  /** What was measured, for the head of the report. */
  version: string
  port: number
  /** That let a client in, and whatever else it wants to be told with each request. */
  headers: Record<string, string>
  /** Roots of the process trees whose processor time counts; none for the upstream itself. */
  pids: number[]
  stop(): Promise<void>
}

/** The key of the bench's client at every gateway that knows keys. */
export const CLIENT_KEY = 'sk-test'
/** The name of the model everywhere. */
export const MODEL = 'mock'

/** Resolves when something answers there. @param isAlive says whether there is still somebody to wait for */
export async function answering(url: string, isAlive: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const answer = await fetch(url).catch(() => null)
    await answer?.body?.cancel()
    if (answer !== null) return
    if (!isAlive()) throw new Error(`What should answer at ${url} has ended.`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`Nothing answers at ${url}.`)
}
