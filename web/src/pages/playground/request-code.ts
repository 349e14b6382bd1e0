/**
 * A whole request as curl, Python and TypeScript, runnable as printed once TRADEWIND_KEY is set. Pure.
 *
 * OpenAI's own packages are used where they know the endpoint; fields that are not OpenAI's go where those packages take
 * them: `extra_body` in Python, beside the others in TypeScript.
 */
import type { Endpoint, RequestBody } from './chat-request.ts'

export type Sample = { name: string; code: string }

const NOT_OPENAIS = new Set(['top_k', 'min_p', 'repetition_penalty', 'enable_thinking'])

/** @param origin such as `http://localhost:8484` */
export function samplesOf(origin: string, endpoint: Endpoint, body: RequestBody): Sample[] {
  return [
    { name: 'curl', code: curl(origin, endpoint, body) },
    {
      name: 'Python',
      code: endpoint === '/tokenize' ? plainPython(origin, endpoint, body) : python(origin, endpoint, body),
    },
    {
      name: 'TypeScript',
      code: endpoint === '/tokenize' ? plainTypeScript(origin, endpoint, body) : typeScript(origin, endpoint, body),
    },
  ]
}

function curl(origin: string, endpoint: Endpoint, body: RequestBody): string {
  return [
    `curl ${body.stream === true ? '-N ' : ''}\\`,
    `  ${origin}${endpoint} \\`,
    '  -H "Authorization: Bearer $TRADEWIND_KEY" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`,
  ].join('\n')
}

// ── OpenAI's packages ───────────────────────────────────

type Reader = { python: string[]; typeScript: string[] }

const CALLS: Record<Exclude<Endpoint, '/tokenize'>, { call: string; params: string; read: Reader }> = {
  '/v1/chat/completions': {
    call: 'chat.completions.create',
    params: 'ChatCompletionCreateParamsStreaming',
    read: {
      python: [
        'for part in answer:',
        '    for choice in part.choices:',
        '        print(choice.delta.content or "",',
        '              end="", flush=True)',
        '        for call in choice.delta.tool_calls or []:',
        '            print(call.function.name or "",',
        '                  call.function.arguments or "",',
        '                  end="")',
      ],
      typeScript: [
        'for await (const part of answer)',
        '  for (const { delta } of part.choices) {',
        '    process.stdout.write(delta.content ?? "")',
        '    for (const call of delta.tool_calls ?? [])',
        '      process.stdout.write(',
        '        (call.function?.name ?? "") +',
        '          (call.function?.arguments ?? ""),',
        '      )',
        '  }',
      ],
    },
  },
  '/v1/completions': {
    call: 'completions.create',
    params: 'CompletionCreateParamsStreaming',
    read: {
      python: [
        'for part in answer:',
        '    for choice in part.choices:',
        '        print(choice.text, end="", flush=True)',
      ],
      typeScript: ['for await (const part of answer)', '  process.stdout.write(part.choices[0]?.text ?? "")'],
    },
  },
  '/v1/embeddings': {
    call: 'embeddings.create',
    params: 'EmbeddingCreateParams',
    read: {
      python: ['for row in answer.data:', '    print(row.index, len(row.embedding))'],
      typeScript: ['for (const row of answer.data)', '  console.log(row.index, row.embedding.length)'],
    },
  },
}

function python(origin: string, endpoint: Exclude<Endpoint, '/tokenize'>, body: RequestBody): string {
  const { call, read } = CALLS[endpoint]
  const { own, extra } = divided(body)
  const lines = Object.entries(own).map(([name, value]) => `    ${name}=${pythonValue(value, 4)},`)
  if (Object.keys(extra).length > 0) lines.push(`    extra_body=${pythonValue(extra, 4)},`)
  return [
    'import os',
    'from openai import OpenAI',
    '',
    'client = OpenAI(',
    `    base_url="${origin}/v1",`,
    '    api_key=os.environ["TRADEWIND_KEY"],',
    ')',
    `answer = client.${call}(`,
    ...lines,
    ')',
    ...read.python,
  ].join('\n')
}

function typeScript(origin: string, endpoint: Exclude<Endpoint, '/tokenize'>, body: RequestBody): string {
  const { call, params, read } = CALLS[endpoint]
  // The packages' types do not know them; a cast lets them pass.
  const cast = Object.keys(divided(body).extra).length > 0 ? ` as OpenAI.${params}` : ''
  return [
    'import OpenAI from "openai"',
    '',
    'const client = new OpenAI({',
    `  baseURL: "${origin}/v1",`,
    '  apiKey: process.env.TRADEWIND_KEY,',
    '})',
    `const answer = await client.${call}(`,
    `  ${scriptValue(body, 2)}${cast},`,
    ')',
    ...read.typeScript,
  ].join('\n')
}

function divided(body: RequestBody): { own: Record<string, unknown>; extra: Record<string, unknown> } {
  const entries = Object.entries(body)
  return {
    own: Object.fromEntries(entries.filter(([name]) => !NOT_OPENAIS.has(name))),
    extra: Object.fromEntries(entries.filter(([name]) => NOT_OPENAIS.has(name))),
  }
}

// ── without a package ───────────────────────────────────

function plainPython(origin: string, endpoint: Endpoint, body: RequestBody): string {
  return [
    'import json, os, urllib.request',
    '',
    'question = urllib.request.Request(',
    `    "${origin}${endpoint}",`,
    `    json.dumps(${pythonValue(body, 4)}).encode(),`,
    '    {',
    '        "Authorization":',
    '            "Bearer " + os.environ["TRADEWIND_KEY"],',
    '        "Content-Type": "application/json",',
    '    },',
    ')',
    'with urllib.request.urlopen(question) as answer:',
    '    print(json.load(answer))',
  ].join('\n')
}

function plainTypeScript(origin: string, endpoint: Endpoint, body: RequestBody): string {
  return [
    'const answer = await fetch(',
    `  "${origin}${endpoint}",`,
    '  {',
    '    method: "POST",',
    '    headers: {',
    '      authorization:',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is printed
    '        `Bearer ${process.env.TRADEWIND_KEY}`,',
    '      "content-type": "application/json",',
    '    },',
    `    body: JSON.stringify(${scriptValue(body, 4)}),`,
    '  },',
    ')',
    'console.log(await answer.json())',
  ].join('\n')
}

// ── values ──────────────────────────────────────────────

/** As Python writes it. JSON's texts are Python's too, but for halves of surrogate pairs, which no API takes. */
export function pythonValue(value: unknown, indent = 0): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return nested(value, indent, 4, (name) => JSON.stringify(name), pythonValue)
}

export function scriptValue(value: unknown, indent = 0): string {
  const nameOf = (name: string) =>
    /^[A-Za-z_$][\w$]*$/.test(name) && name !== '__proto__' ? name : JSON.stringify(name)
  return nested(value, indent, 2, nameOf, scriptValue)
}

/** Arrays of short values in one line, everything else a line each. */
function nested(
  value: unknown,
  indent: number,
  step: number,
  nameOf: (name: string) => string,
  again: (value: unknown, indent: number) => string,
): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const isList = Array.isArray(value)
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  const within = indent + step
  const parts = isList
    ? value.map((part) => again(part, within))
    : Object.entries(value).map(([name, part]) => `${nameOf(name)}: ${again(part, within)}`)
  if (parts.length === 0) return open + close
  const inLine = `${open}${isList ? '' : ' '}${parts.join(', ')}${isList ? '' : ' '}${close}`
  if (inLine.length <= 40 && !inLine.includes('\n')) return inLine
  const pad = ' '.repeat(within)
  return `${open}\n${parts.map((part) => `${pad}${part},\n`).join('')}${' '.repeat(indent)}${close}`
}
