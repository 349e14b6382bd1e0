/**
 * `POST /v1/moderations`, in OpenAI's form: texts are judged by a guard model that the request names, or by whom the
 * project has chosen. A guard is asked once a text, each a request of its own with its usage; keywords cost nothing.
 */
import { newId } from '../platform/ids.ts'
import { NO_POLICY } from '../safety/policy.ts'
import { Fields, isObject } from './dialects/fields.ts'
import { parsedBody } from './dialects/translate-body.ts'
import { FieldInvalid, FieldOfWrongType, FieldUnsupported, ModelNotFound, Starting } from './errors.ts'
import { answerJson, callerOf, type Exchange } from './exchange.ts'
import type { AskWithin, Moderator } from './hooks/moderator.ts'
import { createProjectHooks } from './hooks/project-hooks.ts'
import { resultOf, type Verdict } from './hooks/verdict.ts'
import { requireScope } from './key-ring.ts'
import type { KeyUses } from './key-uses.ts'
import type { GatewayLimits } from './limits.ts'
import { type HeldBytes, readBody } from './read-body.ts'
import type { Snapshots } from './snapshot-client.ts'

export type ModerationDeps = {
  snapshots: Snapshots
  keyUses: KeyUses
  limits: GatewayLimits
  held: HeldBytes
  /** Asks a guard for a client. */
  ask: AskWithin
}

const TEXTS_MAX = 100
const TEXT_CHARACTERS_MAX = 100_000
/** Texts of one request that a guard judges at once. */
const AT_ONCE = 4
/** What OpenAI's clients name where nobody told them better: whoever moderates for the project. */
const OPENAI_NAMES = /^(omni|text)-moderation(-|$)/
const NO_HOOKS = createProjectHooks(NO_POLICY)

/** @throws AppError */
export async function answerModerations(exchange: Exchange, deps: ModerationDeps): Promise<void> {
  const current = deps.snapshots.current()
  if (current === null) throw new Starting({})
  const key = callerOf(exchange, current.keys)
  requireScope(key, 'inference')
  exchange.seen.keyId = key.id
  exchange.seen.keyKind = key.kind
  deps.keyUses.note(key)
  const held = await readBody(exchange.request, deps.limits, deps.held)
  try {
    const asked = new Fields(parsedBody(held.bytes))
    const texts = textsIn(asked.required('input'))
    const named = asked.string('model')
    const model = named === null || isNobodys(named, () => current.routes.find(key, named)) ? null : named
    const hooks = current.hooks?.get(key.projectId) ?? NO_HOOKS
    const verdicts = await judgeAll(hooks.moderator(model, key, deps.ask), texts)
    exchange.seen.model = model
    answerJson(exchange, 200, {
      id: newId('req').replace('req_', 'modr-'),
      model: model ?? hooks.moderatedBy,
      results: verdicts.map(resultOf),
    })
  } finally {
    held.release()
  }
}

/** @throws ModelNotFound for another name that is not there */
function isNobodys(name: string, find: () => unknown): boolean {
  try {
    find()
    return false
  } catch (error) {
    if (error instanceof ModelNotFound && OPENAI_NAMES.test(name)) return true
    throw error
  }
}

/** Parts in a list are one text together, strings in a list are one text each. */
function textsIn(input: unknown): string[] {
  const texts = typeof input === 'string' ? [input] : Array.isArray(input) ? listed(input) : null
  if (texts === null) throw new FieldOfWrongType({ param: 'input', wanted: 'a string or a list' })
  if (texts.length > TEXTS_MAX)
    throw new FieldInvalid({ param: 'input', trouble: `at most ${TEXTS_MAX} texts are judged in one request` })
  const long = texts.findIndex((text) => text.length > TEXT_CHARACTERS_MAX)
  if (long >= 0)
    throw new FieldInvalid({ param: `input.${long}`, trouble: `must have at most ${TEXT_CHARACTERS_MAX} characters` })
  return texts
}

function listed(input: readonly unknown[]): string[] {
  if (input.length === 0) throw new FieldInvalid({ param: 'input', trouble: 'must not be empty' })
  if (input.every((one) => typeof one === 'string')) return [...input]
  return [
    input
      .map((part, index) => {
        if (!isObject(part)) throw new FieldOfWrongType({ param: `input.${index}`, wanted: 'an object with a type' })
        if (part.type !== 'text')
          throw new FieldUnsupported({ param: `input.${index}`, trouble: 'only text is judged here, no images' })
        return new Fields(part, `input.${index}`).requiredString('text')
      })
      .join('\n\n'),
  ]
}

async function judgeAll(moderator: Moderator, texts: readonly string[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (let from = 0; from < texts.length; from += AT_ONCE) {
    const some = texts.slice(from, from + AT_ONCE)
    verdicts.push(...(await Promise.all(some.map((prompt) => moderator.judge({ prompt, answer: null })))))
  }
  return verdicts
}
