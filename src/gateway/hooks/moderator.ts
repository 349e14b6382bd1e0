/**
 * Who judges texts: a project's own rules, or a guard model that is asked as any client would ask it.
 *
 * The guard is asked in the name of the key that the request came with, through the worker's own inner door, so that it has
 * route, limits, journal and usage as any request, and its tokens are recorded. Hooks do not look at those requests.
 */
import { newId } from '../../platform/ids.ts'
import type { ModerationSetting } from '../../safety/policy.ts'
import { codeIn, messageIn } from '../engine-error.ts'
import { ModerationUnavailable } from '../errors.ts'
import type { SnapshotKey } from '../snapshot.ts'
import type { CompiledRules } from './compile-rules.ts'
import { TextScanner } from './text-scanner.ts'
import { readGuard, type Verdict } from './verdict.ts'

/** What somebody said, and what a model answered to it; one of the two may be missing. */
export type Said = { prompt: string | null; answer: string | null }

export interface Moderator {
  /** @throws ModerationUnavailable where nobody could judge: what was not judged does not pass */
  judge(said: Said): Promise<Verdict>
}

/** A request of our own, for a key. */
export type AskWithin = (asked: {
  keyId: string
  requestId: string
  body: Buffer
}) => Promise<{ status: number; body: Buffer }>

/** Each rule is a category of its own name; those that are called as OpenAI's categories are those. */
export function keywordModerator(rules: CompiledRules | null): Moderator {
  return {
    async judge({ prompt, answer }) {
      const found = new Set<string>()
      for (const text of [prompt, answer]) {
        if (text !== null && rules !== null) for (const name of namesIn(rules, text)) found.add(name)
      }
      return { flagged: found.size > 0, scores: Object.fromEntries([...found].map((name) => [name, 1])) }
    },
  }
}

/** Rules that match, whatever they would do about it. */
function namesIn(rules: CompiledRules, text: string): string[] {
  const found: string[] = []
  const noting = {
    ...rules,
    forms: rules.forms.map((form) => ({
      ...form,
      mask: '',
      isReal: (match: string) => form.isReal(match) && found.push(form.name) > 0,
    })),
  }
  const scanner = new TextScanner(noting)
  scanner.push(text)
  scanner.end()
  return found
}

const GUARD_TOKENS_MAX = 128

/** @param model one that answers as Qwen3Guard-Gen does; its own template says what is asked of it */
export function guardModerator(
  { model, flagsControversial }: Pick<ModerationSetting, 'flagsControversial'> & { model: string },
  key: Pick<SnapshotKey, 'id'>,
  ask: AskWithin,
): Moderator {
  return {
    async judge({ prompt, answer }) {
      const messages = [
        { role: 'user', content: prompt ?? '' },
        ...(answer === null ? [] : [{ role: 'assistant', content: answer }]),
      ]
      const body = Buffer.from(JSON.stringify({ model, messages, temperature: 0, max_tokens: GUARD_TOKENS_MAX }))
      const reply = await ask({ keyId: key.id, requestId: newId('req'), body }).catch((cause) => {
        throw new ModerationUnavailable({ model, reason: 'it could not be reached' }, { cause })
      })
      if (reply.status !== 200) {
        const reason = `${messageIn(reply.body)} (${codeIn(reply.body)})`
        throw new ModerationUnavailable({ model, reason })
      }
      const verdict = readGuard(answerIn(reply.body), flagsControversial)
      if (verdict === null)
        throw new ModerationUnavailable({ model, reason: 'it did not answer as a guard model does' })
      return verdict
    },
  }
}

function answerIn(body: Buffer): string {
  const answer = JSON.parse(body.toString('utf8')) as { choices?: { message?: { content?: unknown } }[] }
  const content = answer.choices?.[0]?.message?.content
  return typeof content === 'string' ? content : ''
}
