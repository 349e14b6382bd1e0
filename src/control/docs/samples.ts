/**
 * Code that runs as it is printed, for the document, the reference page and docs/api.md. It reads the key from
 * `OPENAI_API_KEY`, where the official packages look for it; a test runs each against the product.
 */

export type SampleFacts = {
  /** Without `/v1`. */
  publicUrl: string
  chatModel: string
  embeddingModel: string
}

export type Language = 'curl' | 'Python' | 'TypeScript'

/** One thing to do, in each language. */
export type Example = { title: string; code: Record<Language, string> }

export const LANGUAGES: readonly Language[] = ['curl', 'Python', 'TypeScript']

/** Stands for a key wherever one is printed. */
export const KEY_PLACEHOLDER = 'sk-tw-…'

const DOCUMENTED_MODELS = { chatModel: 'smollm2-135m-instruct', embeddingModel: 'all-minilm-l6-v2' }

/** What docs/api.md prints. */
export const DOCUMENTED_FACTS: SampleFacts = { publicUrl: 'http://localhost:8484', ...DOCUMENTED_MODELS }

/** The examples of one operation, most wanted first; none for most. */
export function examplesOf(operationId: string, facts: SampleFacts): Example[] {
  return EXAMPLES[operationId]?.(facts) ?? []
}

const EXAMPLES: Record<string, (facts: SampleFacts) => Example[]> = {
  createChatCompletion: (facts) => [chat(facts), stream(facts), tools(facts), jsonSchema(facts)],
  createCompletion: (facts) => [completion(facts)],
  createEmbedding: (facts) => [embeddings(facts)],
  tokenize: (facts) => [tokenize(facts)],
  listServedModels: (facts) => [models(facts)],
}

function curl(facts: SampleFacts, path: string, body: string, options = ''): string {
  return `curl ${options}${facts.publicUrl}${path} \\
  -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${body}'`
}

function python({ publicUrl }: SampleFacts, code: string): string {
  return `from openai import OpenAI

client = OpenAI(
    base_url="${publicUrl}/v1",
)
${code}`
}

function typescript({ publicUrl }: SampleFacts, code: string): string {
  return `import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: '${publicUrl}/v1',
})
${code}`
}

function chat(facts: SampleFacts): Example {
  const model = facts.chatModel
  return {
    title: 'Ask and wait',
    code: {
      curl: curl(
        facts,
        '/v1/chat/completions',
        `{
    "model": "${model}",
    "messages": [
      {"role": "user", "content": "Hello"}
    ],
    "max_completion_tokens": 60
  }`,
      ),
      Python: python(
        facts,
        `answer = client.chat.completions.create(
    model="${model}",
    messages=[
        {"role": "user", "content": "Hello"},
    ],
    max_completion_tokens=60,
)
print(answer.choices[0].message.content)
print(answer.usage)`,
      ),
      TypeScript: typescript(
        facts,
        `const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [
    { role: 'user', content: 'Hello' },
  ],
  max_completion_tokens: 60,
})
console.log(answer.choices[0]?.message.content)
console.log(answer.usage)`,
      ),
    },
  }
}

function stream(facts: SampleFacts): Example {
  const model = facts.chatModel
  return {
    title: 'Read it as it is written',
    code: {
      curl: curl(
        facts,
        '/v1/chat/completions',
        `{
    "model": "${model}",
    "messages": [
      {"role": "user", "content": "Count to ten"}
    ],
    "max_completion_tokens": 60,
    "stream": true,
    "stream_options": {"include_usage": true}
  }`,
        '-N ',
      ),
      Python: python(
        facts,
        `events = client.chat.completions.create(
    model="${model}",
    messages=[
        {"role": "user", "content": "Count to ten"},
    ],
    max_completion_tokens=60,
    stream=True,
)
for event in events:
    for choice in event.choices:
        print(choice.delta.content or "", end="")`,
      ),
      TypeScript: typescript(
        facts,
        `const events = await client.chat.completions.create({
  model: '${model}',
  messages: [
    { role: 'user', content: 'Count to ten' },
  ],
  max_completion_tokens: 60,
  stream: true,
})
for await (const event of events)
  process.stdout.write(event.choices[0]?.delta.content ?? '')`,
      ),
    },
  }
}

function tools(facts: SampleFacts): Example {
  const model = facts.chatModel
  return {
    title: 'Have it call a function',
    code: {
      curl: curl(
        facts,
        '/v1/chat/completions',
        `{
    "model": "${model}",
    "messages": [
      {"role": "user", "content": "Weather in Oslo?"}
    ],
    "tools": [{
      "type": "function",
      "function": {
        "name": "weather",
        "parameters": {
          "type": "object",
          "properties": {
            "city": {"type": "string", "maxLength": 40}
          },
          "required": ["city"]
        }
      }
    }],
    "tool_choice": "required",
    "parallel_tool_calls": false
  }`,
      ),
      Python: python(
        facts,
        `answer = client.chat.completions.create(
    model="${model}",
    messages=[
        {"role": "user", "content": "Weather in Oslo?"},
    ],
    tools=[{
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "maxLength": 40},
                },
                "required": ["city"],
            },
        },
    }],
    tool_choice="required",
    parallel_tool_calls=False,
)
for call in answer.choices[0].message.tool_calls:
    print(call.function.name, call.function.arguments)`,
      ),
      TypeScript: typescript(
        facts,
        `const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [
    { role: 'user', content: 'Weather in Oslo?' },
  ],
  tools: [{
    type: 'function',
    function: {
      name: 'weather',
      parameters: {
        type: 'object',
        properties: {
          city: { type: 'string', maxLength: 40 },
        },
        required: ['city'],
      },
    },
  }],
  tool_choice: 'required',
  parallel_tool_calls: false,
})
for (const call of answer.choices[0]?.message.tool_calls ?? [])
  if (call.type === 'function')
    console.log(call.function.name, call.function.arguments)`,
      ),
    },
  }
}

function jsonSchema(facts: SampleFacts): Example {
  const model = facts.chatModel
  return {
    title: 'Get JSON of your form',
    code: {
      curl: curl(
        facts,
        '/v1/chat/completions',
        `{
    "model": "${model}",
    "messages": [
      {"role": "user", "content": "A cat, as JSON"}
    ],
    "response_format": {
      "type": "json_schema",
      "json_schema": {
        "name": "animal",
        "schema": {
          "type": "object",
          "properties": {
            "name": {"type": "string", "maxLength": 20},
            "legs": {"type": "integer", "maximum": 8}
          },
          "required": ["name", "legs"]
        }
      }
    }
  }`,
      ),
      Python: python(
        facts,
        `answer = client.chat.completions.create(
    model="${model}",
    messages=[
        {"role": "user", "content": "A cat, as JSON"},
    ],
    response_format={
        "type": "json_schema",
        "json_schema": {
            "name": "animal",
            "schema": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 20},
                    "legs": {"type": "integer", "maximum": 8},
                },
                "required": ["name", "legs"],
            },
        },
    },
)
print(answer.choices[0].message.content)`,
      ),
      TypeScript: typescript(
        facts,
        `const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [
    { role: 'user', content: 'A cat, as JSON' },
  ],
  response_format: {
    type: 'json_schema',
    json_schema: {
      name: 'animal',
      schema: {
        type: 'object',
        properties: {
          name: { type: 'string', maxLength: 20 },
          legs: { type: 'integer', maximum: 8 },
        },
        required: ['name', 'legs'],
      },
    },
  },
})
console.log(answer.choices[0]?.message.content)`,
      ),
    },
  }
}

function completion(facts: SampleFacts): Example {
  const model = facts.chatModel
  return {
    title: 'Go on with a text',
    code: {
      curl: curl(
        facts,
        '/v1/completions',
        `{
    "model": "${model}",
    "prompt": "Once upon a time",
    "max_tokens": 40
  }`,
      ),
      Python: python(
        facts,
        `answer = client.completions.create(
    model="${model}",
    prompt="Once upon a time",
    max_tokens=40,
)
print(answer.choices[0].text)`,
      ),
      TypeScript: typescript(
        facts,
        `const answer = await client.completions.create({
  model: '${model}',
  prompt: 'Once upon a time',
  max_tokens: 40,
})
console.log(answer.choices[0]?.text)`,
      ),
    },
  }
}

function embeddings(facts: SampleFacts): Example {
  const model = facts.embeddingModel
  return {
    title: 'Turn texts into vectors',
    code: {
      curl: curl(
        facts,
        '/v1/embeddings',
        `{
    "model": "${model}",
    "input": ["a cat", "a kitten"]
  }`,
      ),
      Python: python(
        facts,
        `answer = client.embeddings.create(
    model="${model}",
    input=["a cat", "a kitten"],
)
for row in answer.data:
    print(row.index, len(row.embedding))`,
      ),
      TypeScript: typescript(
        facts,
        `const answer = await client.embeddings.create({
  model: '${model}',
  input: ['a cat', 'a kitten'],
})
for (const row of answer.data)
  console.log(row.index, row.embedding.length)`,
      ),
    },
  }
}

function tokenize(facts: SampleFacts): Example {
  const model = facts.chatModel
  return {
    title: 'Count before you send',
    code: {
      curl: curl(
        facts,
        '/tokenize',
        `{
    "model": "${model}",
    "messages": [
      {"role": "user", "content": "Hello"}
    ]
  }`,
      ),
      Python: `import os, json, urllib.request

question = urllib.request.Request(
    "${facts.publicUrl}/tokenize",
    json.dumps({
        "model": "${model}",
        "messages": [
            {"role": "user", "content": "Hello"},
        ],
    }).encode(),
    {
        "Authorization": "Bearer " + os.environ["OPENAI_API_KEY"],
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(question) as answer:
    print(json.load(answer)["count"])`,
      TypeScript: `const answer = await fetch('${facts.publicUrl}/tokenize', {
  method: 'POST',
  headers: {
    authorization: \`Bearer \${process.env.OPENAI_API_KEY}\`,
    'content-type': 'application/json',
  },
  body: JSON.stringify({
    model: '${model}',
    messages: [
      { role: 'user', content: 'Hello' },
    ],
  }),
})
const { count } = (await answer.json()) as { count: number }
console.log(count)`,
    },
  }
}

function models(facts: SampleFacts): Example {
  return {
    title: 'See what there is',
    code: {
      curl: `curl ${facts.publicUrl}/v1/models \\
  -H "Authorization: Bearer $OPENAI_API_KEY"`,
      Python: python(
        facts,
        `for model in client.models.list():
    print(model.id)`,
      ),
      TypeScript: typescript(
        facts,
        `for await (const model of client.models.list())
  console.log(model.id)`,
      ),
    },
  }
}
