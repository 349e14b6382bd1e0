/**
 * What is done for one project before a model is asked, and with what it answers; made once of its policy.
 *
 *   body ──► texts masked, or the request refused ──► images checked ──► judged ──► as any other request
 *   answer ──► answer-filter.ts ──► client
 *
 * A body is written anew, even where nothing was masked: what goes on is what was looked through, which of two equal keys
 * in one object it was is settled, and no later reader can take the other one.
 */
import type { SafetyPolicy, SafetyRule } from '../../safety/policy.ts'
import type { AnswerText } from '../answer-text.ts'
import type { AnswerCounts } from '../answer-watch.ts'
import type { AnswerRewrite } from '../dialects/dialect.ts'
import type { Json } from '../dialects/fields.ts'
import { parsedBody } from '../dialects/translate-body.ts'
import { BodyNotJson, ContentFiltered, ModerationUnconfigured } from '../errors.ts'
import type { SnapshotKey } from '../snapshot.ts'
import { AnswerFilter } from './answer-filter.ts'
import { type CompiledRules, compileRules } from './compile-rules.ts'
import { checkImageUrls } from './image-guard.ts'
import { type AskWithin, guardModerator, keywordModerator, type Moderator } from './moderator.ts'
import { imageUrlsIn, lastTextsIn, type TextPlace, textsIn } from './request-texts.ts'
import { TextScanner } from './text-scanner.ts'

export type ProjectHooks = ReturnType<typeof createProjectHooks>

/** What is remembered of a request for the judge of its answer. */
export type LookedThrough = { body: Buffer; prompt: string }

/** Text that is looked through before others have their turn; some milliseconds of work. */
const SLICE_LENGTH = 16 * 1024
/** Of what a guard is given to judge: no more than a small model reads well, from the end. */
const JUDGED_CHARACTERS_MAX = 24_000

export function createProjectHooks(policy: SafetyPolicy) {
  const { moderation, imageUrls } = policy
  const of = (side: SafetyRule['appliesTo']) =>
    policy.rules.filter(({ appliesTo }) => appliesTo === side || appliesTo === 'both')
  const requests = compileRules(of('requests'))
  const answers = compileRules(of('answers'))
  const judged = compileRules(policy.rules.filter(({ match }) => match.kind !== 'pii'))

  /** @param model named by a request; null = what the project has set @throws ModerationUnconfigured */
  const moderator = (model: string | null, key: SnapshotKey, ask: AskWithin): Moderator => {
    const guard = model ?? (moderation.by === 'model' ? moderation.model : null)
    if (guard !== null) return guardModerator({ ...moderation, model: guard }, key, ask)
    if (moderation.by === 'keywords') return keywordModerator(judged)
    throw new ModerationUnconfigured({})
  }

  return {
    moderator,
    /** What an answer of `/v1/moderations` calls it. */
    moderatedBy: moderation.by === 'model' ? moderation.model : 'keywords',

    /**
     * @returns the body that goes on
     * @throws ContentFiltered · ImageUrlRefused · ModerationUnavailable · BodyNotJson · FieldUnsupported
     */
    async before(bytes: Buffer, key: SnapshotKey, ask: AskWithin): Promise<LookedThrough> {
      const judges = moderation.by !== null && (moderation.requests || moderation.answers)
      if (requests === null && imageUrls === 'any' && !judges) return { body: bytes, prompt: '' }
      const body = parsedBody(bytes)
      if (requests !== null) await maskAll(textsIn(body), requests)
      if (imageUrls !== 'any') await checkImageUrls(imageUrlsIn(body), imageUrls)
      const prompt = judges ? lastTextsIn(body).join('\n\n').slice(-JUDGED_CHARACTERS_MAX) : ''
      if (moderation.by !== null && moderation.requests && prompt !== '') {
        const { flagged } = await moderator(null, key, ask).judge({ prompt, answer: null })
        if (flagged) throw new ContentFiltered({ rule: 'moderation' })
      }
      return { body: writtenAgain(body), prompt }
    },

    /** @returns null where answers are not looked through */
    filter({ key, ask, prompt, ...answer }: FilterParts): AnswerFilter | null {
      const judges = moderation.by !== null && moderation.answers
      if (answers === null && !judges) return null
      const judge = async (said: string) => {
        if (said === '') return true
        const judging = moderator(null, key, ask).judge({ prompt, answer: said.slice(-JUDGED_CHARACTERS_MAX) })
        return judging.then(
          ({ flagged }) => !flagged,
          () => false, // what nobody could judge is not handed out
        )
      }
      return new AnswerFilter({
        rules: answers,
        judge: judges ? judge : null,
        inner: answer.inner,
        stripUsage: answer.stripUsage,
        text: answer.text,
        counts: answer.counts,
      })
    },
  }
}

type FilterParts = {
  key: SnapshotKey
  ask: AskWithin
  /** Of the request, as `before` found it. */
  prompt: string
  inner: AnswerRewrite | null
  stripUsage: boolean
  text: AnswerText | null
  counts(): AnswerCounts
}

/** In slices, others having their turn between them. @throws ContentFiltered */
async function maskAll(places: readonly TextPlace[], rules: CompiledRules): Promise<void> {
  let sinceTurn = 0
  for (const { holder, key, text } of places) {
    const scanner = new TextScanner(rules)
    let out = ''
    for (let from = 0; from < text.length; from += SLICE_LENGTH) {
      const slice = text.slice(from, from + SLICE_LENGTH)
      sinceTurn += slice.length
      if (sinceTurn > SLICE_LENGTH) {
        sinceTurn = 0
        await new Promise((resolve) => setImmediate(resolve))
      }
      out += scanner.push(slice)
    }
    out += scanner.end()
    if (scanner.blockedBy !== null) throw new ContentFiltered({ rule: scanner.blockedBy })
    if (out !== text) (holder as Json)[key] = out
  }
}

function writtenAgain(body: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(body))
  } catch (error) {
    if (error instanceof RangeError) throw new BodyNotJson({ at: 0, trouble: 'nesting too deep' })
    throw error
  }
}
