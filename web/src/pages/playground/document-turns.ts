/**
 * A conversation as a tree of turns, and what one may do with it. Pure: documents in, documents out.
 *
 *     u1 ── a1 ── u2 ── a2            an edited question stands beside the old one; so does an answer given again
 *              └─ u3 ── a3  ◄ shown
 *
 * An assistant's turn holds one answer for each model. What is shown is the path from the root to `shown`.
 */
import type { Static } from 'typebox'
import type { AnswerShape, PlaygroundDocument, ToolCallShape, TurnShape } from '../../../../src/playground/document.ts'

export type Doc = PlaygroundDocument
export type Turn = Static<typeof TurnShape>
export type Answer = Static<typeof AnswerShape>
export type ToolCall = Static<typeof ToolCallShape>

/** What makes ids and times, so that these functions stay pure. */
export type Stamp = { id: () => string; at: () => string }

export function emptyDocument(models: readonly string[]): Doc {
  return {
    format: 1,
    models: [...models],
    system_prompt: '',
    parameters: {},
    tools_json: null,
    response_format: { type: 'text', schema_json: null },
    turns: [],
    shown: null,
    inputs: [],
  }
}

/** An answer of which nothing has come yet. */
export function unanswered(model: string): Answer {
  return {
    model,
    text: '',
    reasoning: null,
    tool_calls: [],
    edited: false,
    finish: null,
    error: null,
    request_id: null,
    tokens: null,
    timings: null,
  }
}

/** From the root to `leaf`; null = nothing. */
export function pathTo(doc: Doc, leaf: string | null): Turn[] {
  const byId = new Map(doc.turns.map((turn) => [turn.id, turn]))
  const path: Turn[] = []
  for (let id = leaf; id !== null; ) {
    const turn = byId.get(id)
    if (!turn) break
    path.push(turn)
    id = turn.parent_id
  }
  return path.reverse()
}

export const shownPath = (doc: Doc): Turn[] => pathTo(doc, doc.shown)

/** A question and all that followed until the next one. */
export type Exchange = { question: Turn; replies: Turn[] }

export function exchangesOf(path: readonly Turn[]): Exchange[] {
  const exchanges: Exchange[] = []
  for (const turn of path) {
    if (turn.role === 'user') exchanges.push({ question: turn, replies: [] })
    else exchanges.at(-1)?.replies.push(turn)
  }
  return exchanges
}

/** Turns that stand where this one does, itself among them, oldest first. */
export const besides = (doc: Doc, turn: Turn): Turn[] =>
  doc.turns.filter((one) => one.parent_id === turn.parent_id && one.role === turn.role)

/** Goes to a turn, and from there down to the end of its youngest branch. */
export function goTo(doc: Doc, id: string): Doc {
  let shown = id
  for (;;) {
    const next = doc.turns.findLast((turn) => turn.parent_id === shown)
    if (!next) return { ...doc, shown }
    shown = next.id
  }
}

/** Asks at the end of what is shown, or beside `instead`: an edited question. @returns the turn that waits for answers */
export function ask(doc: Doc, text: string, stamp: Stamp, instead: Turn | null = null): { doc: Doc; waits: Turn } {
  const parent_id = instead ? instead.parent_id : doc.shown
  const question: Turn = {
    id: stamp.id(),
    parent_id,
    role: 'user',
    text,
    tool_call_id: null,
    answers: [],
    at: stamp.at(),
  }
  const waits = reply(question.id, doc.models.map(unanswered), stamp)
  return { doc: { ...doc, turns: [...doc.turns, question, waits], shown: waits.id }, waits }
}

/** Asks one model again: a turn beside, with what the others said kept. */
export function askAgain(doc: Doc, turn: Turn, model: string, stamp: Stamp): { doc: Doc; waits: Turn } {
  const others = turn.answers.filter((answer) => answer.model !== model)
  const answers = doc.models.flatMap((name) =>
    name === model ? [unanswered(model)] : others.filter((answer) => answer.model === name),
  )
  const rest = others.filter((answer) => !doc.models.includes(answer.model))
  const waits = reply(turn.parent_id, [...answers, ...rest].slice(0, 4), stamp)
  return { doc: { ...doc, turns: [...doc.turns, waits], shown: waits.id }, waits }
}

/** Asks a model that has not answered this turn yet. */
export function alsoAsk(doc: Doc, turn: Turn, model: string): Doc {
  return replaceTurn(doc, { ...turn, answers: [...turn.answers, unanswered(model)] })
}

/**
 * What tools returned to one model, and the turn that goes on from there. Where another model has gone on already, its
 * results and answer stand in the same two places.
 */
export function giveResults(
  doc: Doc,
  turn: Turn,
  model: string,
  results: readonly { id: string; text: string }[],
  stamp: Stamp,
): { doc: Doc; waits: Turn } {
  const path = shownPath(doc)
  const after = path.slice(path.findIndex(({ id }) => id === turn.id) + 1)
  const next = after.find(({ role }) => role === 'assistant')
  const joins = next !== undefined && !next.answers.some((answer) => answer.model === model)
  const tools = after.slice(0, joins ? after.indexOf(next) : 0)
  let parent = joins ? (tools.at(-1)?.id ?? turn.id) : turn.id
  const made = results.map(({ id, text }): Turn => {
    const result: Turn = {
      id: stamp.id(),
      parent_id: parent,
      role: 'tool',
      text,
      tool_call_id: id,
      answers: [],
      at: stamp.at(),
    }
    parent = result.id
    return result
  })
  if (!joins) {
    const waits = reply(parent, [unanswered(model)], stamp)
    return { doc: { ...doc, turns: [...doc.turns, ...made, waits], shown: waits.id }, waits }
  }
  const waits = { ...next, parent_id: parent, answers: [...next.answers, unanswered(model)] }
  const at = doc.turns.findIndex(({ id }) => id === next.id)
  return { doc: { ...doc, turns: [...doc.turns.slice(0, at), ...made, waits, ...doc.turns.slice(at + 1)] }, waits }
}

export function putAnswer(doc: Doc, turnId: string, answer: Answer): Doc {
  const turn = doc.turns.find(({ id }) => id === turnId)
  if (!turn) return doc
  const answers = turn.answers.map((one) => (one.model === answer.model ? answer : one))
  return replaceTurn(doc, { ...turn, answers })
}

/** Requests whose answers broke off before they could say what they took, though they were read at least in part. */
export function uncounted(doc: Doc): string[] {
  const ids = doc.turns.flatMap(({ answers }) => answers.flatMap((one) => (lacksCounts(one) ? [one.request_id] : [])))
  return [...new Set(ids.filter((id) => id !== null))]
}

function lacksCounts({ tokens, finish, error }: Answer): boolean {
  if (tokens !== null) return false
  return finish === null || finish === 'stopped' || error?.code === 'stream_cut'
}

/** Puts counts wherever the answer to a request stands: it may have been kept in several turns. */
export function putCounts(doc: Doc, requestId: string, tokens: Answer['tokens']): Doc {
  const has = ({ request_id }: Answer) => request_id === requestId
  return {
    ...doc,
    turns: doc.turns.map((turn) =>
      turn.answers.some(has)
        ? { ...turn, answers: turn.answers.map((one) => (has(one) ? { ...one, tokens } : one)) }
        : turn,
    ),
  }
}

/**
 * The different answers that one model gave in this place, as the turns that show them, and which of them is shown.
 * An answer that was only kept while another model was asked again is no other answer.
 */
export function variantsOf(doc: Doc, turn: Turn, model: string): { turns: Turn[]; at: number } {
  const groups: { answer: Answer; turns: Turn[] }[] = []
  for (const one of besides(doc, turn)) {
    const answer = one.answers.find((said) => said.model === model)
    if (!answer) continue
    const same = groups.find((group) => isSame(group.answer, answer))
    if (same) same.turns.push(one)
    else groups.push({ answer, turns: [one] })
  }
  const alike = (other: Turn) =>
    other.answers.filter((answer) => turn.answers.some((mine) => mine.model === answer.model && isSame(mine, answer)))
      .length
  return {
    // Of the turns that show it, the one in which the other models say what they say now.
    turns: groups.map(({ turns }) => turns.reduce((best, one) => (alike(one) >= alike(best) ? one : best))),
    at: groups.findIndex(({ turns }) => turns.includes(turn)),
  }
}

/** Whether an answer stands in a document, in any of its turns. */
export const holds = (doc: Doc, answer: Answer): boolean =>
  doc.turns.some(({ answers }) => answers.some((one) => isSame(one, answer)))

function isSame(one: Answer, other: Answer): boolean {
  if (one === other) return true
  return one.request_id !== null && one.request_id === other.request_id
}

function reply(parent_id: string | null, answers: Answer[], stamp: Stamp): Turn {
  return { id: stamp.id(), parent_id, role: 'assistant', text: '', tool_call_id: null, answers, at: stamp.at() }
}

function replaceTurn(doc: Doc, turn: Turn): Doc {
  return { ...doc, turns: doc.turns.map((one) => (one.id === turn.id ? turn : one)) }
}

/** Tokens of every answer of the conversation, in all its branches. One that stands in several turns was given once. */
export function tokensOf(doc: Doc): { in: number; out: number } {
  const given = new Map<unknown, Answer>()
  for (const { answers } of doc.turns)
    for (const answer of answers) if (answer.tokens !== null) given.set(answer.request_id ?? answer, answer)
  const sum = { in: 0, out: 0 }
  for (const { tokens } of given.values()) {
    sum.in += tokens?.in ?? 0
    sum.out += tokens?.out ?? 0
  }
  return sum
}
