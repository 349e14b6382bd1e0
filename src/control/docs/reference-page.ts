/**
 * The reference page, made of the document and of nothing else: what is shown is what is declared. It is whole without
 * its script, which only copies, filters and remembers a language.
 */
import { html, type Markup } from '../../platform/markup.ts'
import { ERROR_GROUPS } from './error-guide.ts'
import type { Media, OpenApiDocument, OpenApiResponse, Operation, Parameter } from './openapi.ts'
import { nameInRef, operationsOf } from './openapi.ts'
import { inline, prose } from './prose.ts'
import { type Example, examplesOf, KEY_PLACEHOLDER, LANGUAGES, type SampleFacts } from './samples.ts'
import { fieldList, typeInWords } from './schema-view.ts'

/** Where the page's two files are: their names carry their content's hash, so that they can be kept for ever. */
export type PageFiles = { style: string; script: string }

type Placed = { method: string; path: string; operation: Operation }

export function referencePage(document: OpenApiDocument, facts: SampleFacts, files: PageFiles): string {
  const operations = [...operationsOf(document)]
  const groups = document.tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }))
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>API reference · Tradewind</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<link rel="stylesheet" href="${files.style}">
<script src="/theme.js"></script>
<script src="${files.script}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the reference</a>
<header class="bar">
<a class="name" href="/">${mark()}Tradewind</a>
<span class="crumb">API reference</span>
<label class="btn menu" for="contents">Contents</label>
<a class="push" href="/openapi.json">OpenAPI 3.1</a>
</header>
<input type="checkbox" id="contents" class="hide" aria-label="Show the contents">
<nav class="rail" aria-label="Contents">
<ul class="groups">
<li><ul><li><a href="#start">First call</a></li></ul></li>
${groups.map(
  ({ name, operations: listed }) => html`<li><a class="group" href="#${anchorOf(name)}">${name}</a>
<ul>${listed.map(({ method, operation }) => html`<li><a href="#${operation.operationId}"><span>${shortName(operation.summary)}</span><small>${method}</small></a></li>`)}</ul></li>`,
)}
<li><ul><li><a href="#errors">Errors</a></li></ul></li>
</ul>
</nav>
<main id="main">
${startSection(document, facts)}
${groups.map(
  ({ name, description, operations: listed }) => html`<section aria-labelledby="${anchorOf(name)}">
<div class="title"><h2 id="${anchorOf(name)}">${name}</h2>${description ? prose(description) : null}</div>
${listed.map((placed) => operationArticle(document, placed, facts))}
</section>`,
)}
${errorsSection()}
</main>
</body>
</html>
`.text
}

function startSection(document: OpenApiDocument, facts: SampleFacts): Markup {
  const [example] = examplesOf('listServedModels', facts)
  return html`<section aria-labelledby="start">
<div class="title"><h1 id="start">API reference</h1><p>Version ${document.info.version} at <code>${facts.publicUrl}</code></p></div>
<div class="split"><div class="words">${prose(document.info.description)}
<p>Make a key with <code>npm run tradewind -- keys create</code>, or with <a href="#createKey">Make a key</a>. It is shown once. Give it to the samples of this page by the variable that OpenAI’s packages read:</p>
${codeBlock('Shell', `export OPENAI_API_KEY=${KEY_PLACEHOLDER}`)}
<p>Clients: <code>pip install openai</code>, <code>npm install openai</code>, or anything that speaks OpenAI’s API.</p></div>
<div class="samples">${example ? exampleTabs('start', example) : null}</div></div>
</section>`
}

function operationArticle(document: OpenApiDocument, { method, path, operation }: Placed, facts: SampleFacts): Markup {
  const examples = examplesOf(operation.operationId, facts)
  const { operationId, parameters = [], requestBody } = operation
  const body = requestBody?.content['application/json']
  const named = (place: Parameter['in']) => parameters.filter((parameter) => parameter.in === place)
  return html`<article class="split${examples.length > 0 ? '' : ' alone'}" aria-labelledby="${operationId}">
<div class="words">
<h3 id="${operationId}"><a href="#${operationId}">${operation.summary}</a></h3>
<p class="route"><b class="${method}">${method.toUpperCase()}</b> <code>${breakable(path)}</code></p>
${operation.description ? prose(operation.description) : null}
<p class="who">Who may: ${inline(operation['x-who-may'])}.</p>
${parameterSection(document, 'In the path', named('path'))}
${parameterSection(document, 'In the query', named('query'))}
${body ? html`<h4>Body${requestBody?.required ? null : html` <span class="type">may be left out</span>`}</h4>${fieldList(document, body.schema, 'sent')}` : null}
<h4>Answers</h4>
${answerList(document, operation)}
</div>
${examples.length > 0 ? html`<div class="samples">${examples.map((example, at) => exampleTabs(`${operationId}-${at}`, example))}</div>` : null}
</article>`
}

function parameterSection(document: OpenApiDocument, title: string, parameters: Parameter[]): Markup | null {
  if (parameters.length === 0) return null
  const properties = Object.fromEntries(
    parameters.map(({ name, schema, description }) => [name, description ? { ...schema, description } : schema]),
  )
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name)
  return html`<h4>${title}</h4>${fieldList(document, { type: 'object', properties, required }, 'sent')}`
}

function answerList(document: OpenApiDocument, { responses }: Operation): Markup {
  const all = Object.entries(responses)
  const errors = all.filter(([, response]) => response['x-codes'] !== undefined)
  const good = all.filter(([, response]) => response['x-codes'] === undefined)
  return html`${good.map(([status, response]) => goodAnswer(document, status, response))}
<details class="answer"><summary><b>${errors[0]?.[0] ?? ''}–${errors.at(-1)?.[0] ?? ''}</b> Errors</summary>
<dl class="codes">${errors.map(([status, response]) => html`<div><dt>${status}</dt><dd>${(response['x-codes'] ?? []).map((code) => html`<a href="#${errorAnchor(code)}"><code>${code}</code></a> `)}</dd></div>`)}</dl></details>`
}

function goodAnswer(document: OpenApiDocument, status: string, { description, content = {} }: OpenApiResponse): Markup {
  const bodies = Object.entries(content).filter(([, { schema }]) => schema !== undefined && schema.type !== 'null')
  if (bodies.length === 0) return html`<p class="answer"><b>${status}</b> ${inline(description)}</p>`
  return html`${bodies.map(
    ([
      type,
      media,
    ]) => html`<details class="answer"><summary><b>${status}</b> ${nameOf(document, media)} <span class="type">${type}</span></summary>
${prose(description)}${fieldList(document, media.schema, 'answered')}</details>`,
  )}`
}

function nameOf(document: OpenApiDocument, { schema }: Media): string {
  return typeof schema.$ref === 'string' ? nameInRef(schema.$ref) : typeInWords(document, schema)
}

function errorsSection(): Markup {
  return html`<section aria-labelledby="errors">
<div class="title"><h2 id="errors">Errors</h2><p>Match the code, never the sentence. Where trying again cannot help, <code>x-should-retry: false</code> says so; where it can, <code>retry-after</code> says when.</p></div>
${codeBlock('Shape of every error', '{\n  "error": {\n    "message": "…",\n    "type": "invalid_request_error",\n    "param": "temperature",\n    "code": "decimal_above_max_value"\n  }\n}')}
${ERROR_GROUPS.map(
  ({ title, errors }) => html`<h3>${title}</h3>
<dl class="errors">${Object.entries(errors).map(
    ([code, { statuses, means, whatToDo }]) =>
      html`<div id="${errorAnchor(code)}"><dt><code>${breakable(code)}</code> <span class="type">${statuses.join(', ')}</span></dt><dd><p>${inline(means)}</p><p class="do">${inline(whatToDo)}</p></dd></div>`,
  )}</dl>`,
)}
</section>`
}

/** One example in its languages. Radio buttons and the style sheet turn it, so that it turns without the script. */
function exampleTabs(id: string, { title, code }: Example): Markup {
  return html`<figure class="code"><figcaption>${title}</figcaption>
<fieldset><legend class="hide">Language of “${title}”</legend>${LANGUAGES.map(
    (language, at) =>
      html`<input type="radio" name="${id}" id="${id}-${at}" value="${language}"${at === 0 ? html` checked` : null}><label for="${id}-${at}">${language}</label>`,
  )}</fieldset>
<div class="panels">${LANGUAGES.map((language) => html`<pre tabindex="0" aria-label="${title}, ${language}"><code>${code[language]}</code></pre>`)}</div></figure>`
}

function codeBlock(label: string, code: string): Markup {
  return html`<figure class="code"><figcaption>${label}</figcaption><div class="panels"><pre tabindex="0" aria-label="${label}"><code>${code}</code></pre></div></figure>`
}

/** Long paths and codes may break where a word of them ends. */
function breakable(text: string): Markup {
  return html`${text.split(/(?<=[/_.])/).map((part) => html`${part}<wbr>`)}`
}

/** A summary up to its first explanation. */
function shortName(summary: string): string {
  return summary.split(/[:;,]/)[0] ?? summary
}

function anchorOf(tag: string): string {
  return `tag-${tag.toLowerCase().replace(/\W+/g, '-')}`
}

function errorAnchor(code: string): string {
  return `error-${code}`
}

const WIND = 'M3 8h10a3 3 0 1 0-3-3M3 12h15a3 3 0 1 1-3 3M3 16h7a2.5 2.5 0 1 1-2.5 2.5'
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0b7285" stroke-width="2" stroke-linecap="round"><path d="${WIND}"/></svg>`

function mark(): Markup {
  return html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="${WIND}"/></svg>`
}
