/**
 * Runs the choices of one request side by side and ends them together.
 *
 * They end early when the client hangs up (before or after the first token), when `DELETE /requests/{id}` names them,
 * or when one of them fails: an answer with a broken choice is a broken answer.
 */
import type { GenerateRequest } from '../token-engine.ts'
import { type Choice, type ChoiceEnd, type ChoiceOptions, type OnEvents, runChoice } from './choice.ts'
import type { Call, Host } from './host.ts'

export type ChoicePlan = {
  request: Omit<GenerateRequest, 'id' | 'salt' | 'share' | 'adapter' | 'disk'>
  options: ChoiceOptions
}

export type ChoicesEnd = {
  ends: ChoiceEnd[]
  /** `client`: nobody is left to answer. `request`: stopped by name; the answer still carries its counts. */
  cutBy: 'client' | 'request' | null
}

/**
 * @param plans one per choice, in the order of their index
 * @throws EngineError, or whatever went wrong while reading a choice
 */
export async function runChoices(
  host: Host,
  call: Call,
  plans: readonly ChoicePlan[],
  onFirstToken: (index: number, cachedTokens: number) => void,
  onEvents: (index: number, ...pieces: Parameters<OnEvents>) => void,
): Promise<ChoicesEnd> {
  const choices: Choice[] = []
  let cutBy: ChoicesEnd['cutBy'] = null
  const cancelAll = () => {
    for (const choice of choices) choice.cancel()
  }
  const hangUp = () => {
    cutBy ??= 'client'
    cancelAll()
  }
  const finished = host.running.add(call.requestId, () => {
    cutBy ??= 'request'
    cancelAll()
  })
  call.response.once('close', hangUp)
  try {
    if (call.response.destroyed) return { ends: [], cutBy: 'client' }
    for (const [index, plan] of plans.entries()) {
      const request: GenerateRequest = {
        ...plan.request,
        id: plans.length === 1 ? call.requestId : `${call.requestId}.${index}`,
        salt: call.salt,
        share: call.share,
        adapter: call.adapter,
        disk: call.disk,
      }
      const choice = runChoice(
        host.engine,
        request,
        plan.options,
        (cachedTokens) => onFirstToken(index, cachedTokens),
        (events, tokens) => onEvents(index, events, tokens),
      )
      choice.done.catch(cancelAll)
      choices.push(choice)
    }
    call.arrived()
    return { ends: await Promise.all(choices.map((choice) => choice.done)), cutBy }
  } catch (error) {
    cancelAll()
    await Promise.allSettled(choices.map((choice) => choice.done))
    throw error
  } finally {
    call.response.off('close', hangUp)
    finished()
  }
}
