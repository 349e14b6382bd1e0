import type { Sample } from '../../ui/index.ts'
import { firstCall } from '../keys/first-call.ts'

/** The call of a model's task, runnable as printed once the key is set. */
export function callSamples(model: string, task: string): Sample[] {
  return task === 'embedding' ? embeddingCall(model) : firstCall(model, '$TRADEWIND_KEY')
}

function embeddingCall(model: string): Sample[] {
  const base = `${location.origin}/v1`
  return [
    {
      name: 'curl',
      code: [
        `curl ${base}/embeddings \\`,
        '  -H "Authorization: Bearer $TRADEWIND_KEY" \\',
        '  -H "Content-Type: application/json" \\',
        `  -d '{"model": "${model}",`,
        '  "input": ["A ship at sea.",',
        '            "Wind in the sails."]}\'',
      ].join('\n'),
    },
    {
      name: 'Python',
      code: [
        'import os',
        'from openai import OpenAI',
        '',
        'client = OpenAI(',
        `    base_url="${base}",`,
        '    api_key=os.environ["TRADEWIND_KEY"])',
        'answer = client.embeddings.create(',
        `    model="${model}",`,
        '    input=["A ship at sea.",',
        '           "Wind in the sails."])',
        'print(len(answer.data[0].embedding))',
      ].join('\n'),
    },
    {
      name: 'TypeScript',
      code: [
        'import OpenAI from "openai"',
        '',
        'const client = new OpenAI({',
        `  baseURL: "${base}",`,
        '  apiKey: process.env.TRADEWIND_KEY,',
        '})',
        'const answer = await client.embeddings',
        '  .create({',
        `    model: "${model}",`,
        '    input: ["A ship at sea.",',
        '      "Wind in the sails."],',
        '  })',
        'console.log(answer.data[0].embedding.length)',
      ].join('\n'),
    },
  ]
}
