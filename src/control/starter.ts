/**
 * The first model: fetched and loaded by itself at the first start, so that a newcomer has something to call. What it
 * is, why, and how to get another is said at the terminal; a failure is said too and stops nothing.
 */
import type { Catalog } from '../catalog/catalog.ts'
import type { Deployments } from '../deployments/deployments.ts'
import type { SupervisorLink } from '../engines/supervisor-link.ts'
import { AppError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'

const HOW_TO_GET_ANOTHER = 'Get another with: npm run tradewind -- models list, then models pull <id>.'

export class StarterNotFetched extends AppError<{ model: string; ended: string; reason: string }> {
  static override code = 'operations.starter_not_fetched'
  static override status = 503
  static override say = (d: StarterNotFetched['data']) => d.reason || `The pull of ${d.model} was ${d.ended}.`
}

export type StarterState = 'none' | 'fetching' | 'loading' | 'loaded' | 'failed'

export type StarterDeps = {
  /** `auto`, `none` or a model's id. */
  wanted: string
  catalog: Catalog
  deployments: Deployments
  link: SupervisorLink
  log: Log
}

export type Starter = ReturnType<typeof createStarter>

export function createStarter({ wanted, catalog, deployments, link, log }: StarterDeps) {
  let state: StarterState = 'none'
  let model: string | null = null
  let problem: { code: string; message: string } | null = null
  let settled = false
  const listeners = new Set<() => void>()

  function move(to: StarterState): void {
    state = to
    for (const listener of listeners) listener()
  }

  async function bring(): Promise<void> {
    const choice =
      wanted === 'auto'
        ? await catalog.pickStarter()
        : { model: wanted, why: 'TRADEWIND_STARTER names it.', how: HOW_TO_GET_ANOTHER }
    model = choice.model
    if (catalog.weightsOf(choice.model) === null) {
      move('fetching')
      link.send({ type: 'say', lines: [`Fetching a starter model. ${choice.why}`] })
      await fetchShowingProgress(choice.model)
    }
    move('loading')
    const engine = await deployments.load(choice.model)
    move('loaded')
    link.send({
      type: 'say',
      lines: [
        `${catalog.getModel(choice.model).name} answers as "${choice.model}", ${engine.sequences} requests at once, ${engine.contextTokens} tokens of context each.`,
        choice.how,
      ],
    })
  }

  async function fetchShowingProgress(id: string): Promise<void> {
    const name = catalog.getModel(id).name
    const pull = await catalog.startPull({ model: id, by: 'machine' })
    const stop = catalog.onPullProgress((progress) => {
      if (progress.id === pull.id && progress.bytesTotal > 0)
        link.send({
          type: 'progress',
          label: name,
          bytesDone: progress.bytesDone,
          bytesTotal: progress.bytesTotal,
          bytesPerSecond: progress.bytesPerSecond,
        })
    })
    try {
      const ended = await catalog.settled(pull.id)
      if (ended.state !== 'done')
        throw new StarterNotFetched({ model: name, ended: ended.state, reason: ended.error?.message ?? '' })
    } finally {
      stop()
      link.send({ type: 'progress.end' })
    }
  }

  return {
    /** Brings the starter where no model is here yet. Never rejects: what went wrong is said and kept. */
    async run(): Promise<void> {
      try {
        if (wanted !== 'none' && catalog.modelsWithWeights().length === 0) await bring()
      } catch (error) {
        const code = error instanceof AppError ? error.code : 'internal'
        problem = { code, message: (error as Error).message }
        move('failed')
        log.error({ err: error, model }, 'the starter model could not be brought')
        link.send({
          type: 'say',
          lines: [
            `No starter model yet: ${problem.message}`,
            'Tradewind runs without one. Bring your own:  npm run tradewind -- models import <file.gguf> <name>',
          ],
        })
      } finally {
        settled = true
      }
    },
    state: () => ({ state, model, problem }),
    /** Called after each change of `state`. How far a fetch is, its pull tells. */
    onChange(listener: () => void): void {
      listeners.add(listener)
    },
    /** Whether there is nothing more to wait for. Not yet so while it is asked which starter it should be. */
    settled: () => settled,
  }
}
