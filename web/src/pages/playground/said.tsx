/**
 * What a model says. While it comes, pieces that are over are drawn once and kept; only the last one is drawn again. A
 * long block of code is kept in blocks of lines for the same reason.
 */
import { memo, useRef } from 'react'
import { CopyButton } from '../../ui/index.ts'
import { ChunkedText } from './markdown-chunks.ts'
import { elementsOf } from './markdown-elements.ts'

const LINES_TOGETHER = 40

export const Said = memo(function Said({ text, plain = false }: { text: string; plain?: boolean }) {
  const grown = useRef<{ chunks: ChunkedText; text: string } | null>(null)
  // Text that does not go on from what was there is another text.
  if (grown.current === null || !text.startsWith(grown.current.text))
    grown.current = { chunks: new ChunkedText(), text: '' }
  grown.current.text = text
  if (plain) return <Lines text={text} />
  const { done, tail } = grown.current.chunks.grow(text)
  return (
    <>
      {[...done, tail].map((piece, index) => (
        <Piece key={index} text={piece} />
      ))}
    </>
  )
})

const Piece = memo(function Piece({ text }: { text: string }) {
  return <div className="piece">{elementsOf(text, CodeBlock)}</div>
})

export function CodeBlock({ text, language }: { text: string; language: string }) {
  return (
    <div className="said-code">
      <header>
        <span className="cut">{language}</span>
        <CopyButton text={text} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: code that scrolls must be reachable with the keyboard */}
      <pre tabIndex={0}>
        <Lines text={text} />
      </pre>
    </div>
  )
}

/** Text as it is, in runs of lines that do not change once they are full. */
function Lines({ text }: { text: string }) {
  const runs: string[] = []
  let from = 0
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    if (++lines % LINES_TOGETHER !== 0) continue
    runs.push(text.slice(from, at + 1))
    from = at + 1
  }
  runs.push(text.slice(from))
  return (
    <code className="lines">
      {runs.map((run, index) => (
        <Run key={index} text={run} />
      ))}
    </code>
  )
}

const Run = memo(function Run({ text }: { text: string }) {
  return <span>{text}</span>
})
