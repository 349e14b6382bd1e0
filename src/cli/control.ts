import { readConfig } from '../platform/config.ts'
import { type DataFolder, dataFolderAt, sockets } from '../platform/data-folder.ts'
import { SocketSilent, socketRequest } from '../platform/socket-request.ts'

/** Why the command ends without doing what it was asked; the message is for the person. */
export class CommandFailed extends Error {
  override name = 'CommandFailed'
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The running installation on this machine, by its admin socket: whoever may open that is its operator. */
export class Control {
  readonly folder: DataFolder
  /** What the installation answered last, for `--json`. */
  lastAnswer: unknown = null

  constructor(environment: NodeJS.ProcessEnv) {
    this.folder = dataFolderAt(readConfig(environment).dataFolder)
  }

  /** @throws CommandFailed with the installation's own sentence, or that it does not run */
  async ask<Body>(method: Method, path: string, body?: unknown): Promise<Body> {
    try {
      const answer = await socketRequest(sockets.controlAdmin(this.folder), method, path, {
        ...(body === undefined ? {} : { body }),
        // Loading a large model takes minutes.
        timeoutMs: 15 * 60_000,
      })
      if (answer.status < 400) {
        this.lastAnswer = answer.body
        return answer.body as Body
      }
      const { error } = answer.body as { error: { message: string; code: string } }
      throw new CommandFailed(`${error.message} (${error.code})`)
    } catch (error) {
      if (error instanceof SocketSilent)
        throw new CommandFailed(`Tradewind is not running on ${this.folder.root}. Start it with: npm start`, {
          cause: error,
        })
      throw error
    }
  }
}
