/** Code samples in tabs, runnable as printed, and the call that a button makes. */
import { type ReactNode, useId, useState } from 'react'
import { type Call, urlOf } from '../api/client.ts'
import { CopyButton } from './copy.tsx'
import { Icon } from './icon.tsx'
import { ahead, useLate } from './late.ts'
import { usePartWords } from './words.ts'

export type Sample = { name: string; code: string }

/** `$NAMES` in capitals are what the reader fills in; they are marked. */
export function Code({ samples, foot }: { samples: readonly Sample[]; foot?: ReactNode }) {
  const id = useId()
  const [chosen, setChosen] = useState(samples[0]?.name)
  const shown = samples.find((sample) => sample.name === chosen) ?? samples[0]
  if (!shown) return null
  return (
    <>
      <div className="code">
        <header>
          <div className="tabs" role="tablist">
            {samples.map(({ name }) => (
              <button
                key={name}
                type="button"
                role="tab"
                id={`${id}-${name}`}
                aria-controls={`${id}-code`}
                aria-selected={name === shown.name}
                onClick={() => setChosen(name)}
              >
                {name}
              </button>
            ))}
          </div>
          <CopyButton text={shown.code} />
        </header>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: code that scrolls must be reachable with the keyboard */}
        <pre id={`${id}-code`} role="tabpanel" aria-labelledby={`${id}-${shown.name}`} tabIndex={0}>
          {coloured(shown.code)}
        </pre>
      </div>
      {foot && <p className="small faint code-foot">{foot}</p>}
    </>
  )
}

/** Strings and what is to be filled in stand out; the rest is plain. Model output never comes here. */
function coloured(code: string): ReactNode[] {
  return code.split(/(\$[A-Z][A-Z_]+|"(?:[^"\\\n]|\\.)*")/g).map((part, index) => {
    const key = `${index}`
    if (/^\$[A-Z]/.test(part))
      return (
        <span key={key} className="fill">
          {part}
        </span>
      )
    if (!part.startsWith('"')) return part
    return (
      <span key={key} className="s">
        {part.split(/(\$[A-Z][A-Z_]+)/g).map((piece, at) =>
          /^\$[A-Z]/.test(piece) ? (
            <span key={at} className="fill">
              {piece}
            </span>
          ) : (
            piece
          ),
        )}
      </span>
    )
  })
}

/** A call as curl and as JavaScript. The session's cookie is the credential in a browser; a program signs in first. */
export function samplesOf(call: Call): Sample[] {
  const url = `${location.origin}${urlOf(call)}`
  const body = call.body === undefined ? null : JSON.stringify(call.body, null, 2)
  return [
    {
      name: 'curl',
      code: [
        `curl ${call.method === 'GET' ? '' : `-X ${call.method} `}"${url}" \\`,
        `  -H "Origin: ${location.origin}" \\`,
        `  -b "$TRADEWIND_COOKIE"${body === null ? '' : ' \\'}`,
        ...(body === null
          ? []
          : ['  -H "Content-Type: application/json" \\', `  -d '${body.replaceAll("'", "'\\''")}'`]),
      ].join('\n'),
    },
    {
      name: 'JavaScript',
      code: `await fetch("${url}", {\n  method: "${call.method}"${
        body === null
          ? ''
          : `,\n  headers: { "content-type": "application/json" },\n  body: JSON.stringify(${body.replaceAll('\n', '\n  ')})`
      }\n})`,
    },
  ]
}

const load = async () => (await import('./call-open.tsx')).OpenCall

/** The quiet `</>` beside a button: shows the call that the button makes. */
export function ShowCall({ call }: { call: Call }) {
  const t = usePartWords()
  const [OpenCall, open] = useLate(load)
  if (OpenCall) return <OpenCall call={call} />
  return (
    <button
      type="button"
      className="btn icon-only quiet small"
      aria-label={t('show-call')}
      aria-haspopup="dialog"
      aria-expanded={false}
      onPointerEnter={ahead(load)}
      onFocus={ahead(load)}
      onClick={open}
    >
      <Icon name="code" />
    </button>
  )
}
