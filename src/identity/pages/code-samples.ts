/** The first call, ready to paste: the official OpenAI packages read the address and the key from these two variables. */
import { html, type Markup } from '../../platform/markup.ts'

export type SampleFacts = {
  /** With `/v1`. */
  baseUrl: string
  secret: string
  model: string
}

/** Puts the key where every program that speaks OpenAI's API looks for it. */
export function environmentSample({ baseUrl, secret }: Pick<SampleFacts, 'baseUrl' | 'secret'>): string {
  return `export OPENAI_BASE_URL=${baseUrl}\nexport OPENAI_API_KEY=${secret}`
}

export function curlSample(model: string): string {
  return `curl "$OPENAI_BASE_URL/chat/completions" \\
  -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": ${JSON.stringify(model)},
    "messages": [
      {"role": "user", "content": "Hello"}
    ]
  }'`
}

export function pythonSample(model: string): string {
  return `# pip install openai
from openai import OpenAI

client = OpenAI()
answer = client.chat.completions.create(
    model=${JSON.stringify(model)},
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`
}

export function typescriptSample(model: string): string {
  return `// npm install openai
import OpenAI from 'openai'

const client = new OpenAI()
const answer = await client.chat.completions.create({
  model: ${JSON.stringify(model)},
  messages: [{ role: 'user', content: 'Hello' }],
})
console.log(answer.choices[0]?.message.content)`
}

/** The three as tabs, which radio buttons and the style sheet turn: the pages have no script. */
export function firstCallTabs(model: string): Markup {
  const samples = [
    { id: 'curl', label: 'curl', code: curlSample(model) },
    { id: 'python', label: 'Python', code: pythonSample(model) },
    { id: 'typescript', label: 'TypeScript', code: typescriptSample(model) },
  ]
  return html`<div class="code"><fieldset class="tabs"><legend class="hide">Language of the sample</legend>
${samples.map(({ id, label }, at) => html`<input type="radio" name="sample" id="tab-${id}"${at === 0 ? html` checked` : null}><label for="tab-${id}">${label}</label>`)}
</fieldset>
${samples.map(({ id, label, code }) => html`<pre id="sample-${id}" tabindex="0" aria-label="${label}"><code>${code}</code></pre>`)}
</div>`
}

/** Lines for a shell; long ones wrap, and are still one line when copied. */
export function shellBlock(code: string, label: string): Markup {
  return html`<div class="code"><pre class="wrap" tabindex="0" aria-label="${label}"><code>${code}</code></pre></div>`
}
