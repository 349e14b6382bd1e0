/**
 * A session of a coding agent as data: what the agent sends beside the conversation, and turn by turn what is added to it,
 * what the model says, and what the agent must have heard.
 *
 * The conversation itself is not data: as a real agent does, the replay sends back what it heard. So a block that a gateway
 * tells in another form than it takes is found, where recorded bodies would send what another server once said.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

// biome-ignore lint/suspicious/noExplicitAny: transcripts and answers are read field by field, and a replay fails where one is missing
export type Json = any

export type Transcript = {
  agent: string
  /** Where its requests are described. */
  sources: string[]
  speaks: 'messages' | 'responses' | 'chat'
  path: string
  headers: Record<string, string>
  /** What every turn sends beside the conversation. */
  body: Json
  /** Requests outside the conversation that it makes before. */
  asides: { path?: string; body: Json; says: string[]; status: number; has: Json }[]
  turns: Turn[]
}

export type Turn = {
  /** `{"$lines": n}` stands for a file of that many lines, `{"$call": n}` for the id of the last answer's call. */
  adds: Json[]
  /** Tokens of the model, one a piece. */
  says: string[]
  hears: {
    text?: string
    thoughts?: string
    calls?: { name: string; input: Json }[]
    stop?: string
    /** Status and code of a refusal, after which the agent takes back what it added. */
    refused?: [number, string]
    /** What the prompt must hold by now. */
    prompt?: string[]
    tokensInMin?: number
  }
}

/** What an agent made of one answer. */
export type Heard = {
  /** What it adds to the conversation. */
  echo: Json[]
  text: string
  thoughts: string
  calls: { id: string; name: string; input: Json }[]
  stop: string
  tokensIn: number
  tokensOut: number
}

export type Agent = {
  /** The body of the next turn. */
  ask(transcript: Transcript, conversation: Json[]): Json
  /** @throws AssertionError where the stream breaks a rule that this agent relies on */
  hear(stream: string): Heard
  /** The code of a refusal. */
  refusal(body: Json): string
}

export function readTranscript(name: string): Transcript {
  return JSON.parse(readFileSync(join(import.meta.dirname, `${name}.json`), 'utf8')) as Transcript
}

/** Puts in what the data only names. */
export function filled(value: Json, calls: Heard['calls']): Json {
  if (Array.isArray(value)) return value.map((entry) => filled(entry, calls))
  if (typeof value !== 'object' || value === null) return value
  if ('$lines' in value) return fileOf(value.$lines)
  if ('$call' in value) return calls[value.$call]?.id ?? `there was no call ${value.$call}`
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, filled(entry, calls)]))
}

/** As tools show files: each line with its number. Ten words a line. */
export function fileOf(lines: number): string {
  const line = (number: number) => `${number}→ const value${number} = read ( table , row + ${number} )\n`
  return Array.from({ length: lines }, (_, at) => line(at + 1)).join('')
}

/** Server-sent events with their names. */
export function eventsIn(stream: string): { name: string | null; data: string }[] {
  return stream
    .split('\n\n')
    .filter((event) => event !== '' && !event.startsWith(':'))
    .map((event) => ({
      name: /^event: (.*)$/m.exec(event)?.[1] ?? null,
      data: /^data: (.*)$/m.exec(event)?.[1] ?? '',
    }))
}
