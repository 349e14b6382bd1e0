import type { Sample } from '../../ui/index.ts'

/** A small model may go on for minutes; one that thinks first needs room for it. */
const LONGEST = 500

/** A first call, runnable as printed. `key` is the secret or the name of the variable that holds it. */
export function firstCall(model: string, key: string): Sample[] {
  const base = `${location.origin}/v1`
  const named = key.startsWith('$')
  const python = named ? `os.environ["${key.slice(1)}"]` : `"${key}"`
  const node = named ? `process.env.${key.slice(1)}` : `"${key}"`
  return [
    {
      name: 'curl',
      code: [
        `BASE=${base}`,
        ...(named ? [] : [`KEY=${key}`]),
        'curl "$BASE/chat/completions" \\',
        `  -H "Authorization: Bearer ${named ? key : '$KEY'}" \\`,
        '  -H "Content-Type: application/json" \\',
        `  -d '{"model": "${model}",`,
        `  "max_tokens": ${LONGEST},`,
        '  "messages": [{"role": "user",',
        '    "content": "Say hello."}]}\'',
      ].join('\n'),
    },
    {
      name: 'Python',
      code: [
        ...(named ? ['import os'] : []),
        'from openai import OpenAI',
        '',
        'client = OpenAI(',
        `    base_url="${base}",`,
        `    api_key=${python})`,
        'answer = client.chat.completions.create(',
        `    model="${model}",`,
        `    max_tokens=${LONGEST},`,
        '    messages=[{"role": "user",',
        '               "content": "Say hello."}])',
        'print(answer.choices[0].message.content)',
      ].join('\n'),
    },
    {
      name: 'TypeScript',
      code: [
        'import OpenAI from "openai"',
        '',
        'const client = new OpenAI({',
        `  baseURL: "${base}",`,
        `  apiKey: ${node},`,
        '})',
        'const answer = await client.chat.completions',
        '  .create({',
        `    model: "${model}",`,
        `    max_tokens: ${LONGEST},`,
        '    messages: [{ role: "user",',
        '      content: "Say hello." }],',
        '  })',
        'console.log(',
        '  answer.choices[0].message.content)',
      ].join('\n'),
    },
  ]
}
