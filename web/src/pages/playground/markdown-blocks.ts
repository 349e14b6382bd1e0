/**
 * What models write (Markdown, more or less) as a tree of blocks. Whatever is not understood stays text, so nothing of
 * an answer is lost. Pure; it knows no elements: `markdown-elements.ts` makes those.
 */
import { FENCE, fenceAfter, LIST_ITEM } from './markdown-chunks.ts'
import { type Span, spansOf } from './markdown-spans.ts'

export type Align = 'left' | 'right' | 'center' | null
export type Block =
  | { kind: 'paragraph'; spans: Span[] }
  | { kind: 'heading'; level: number; spans: Span[] }
  /** `language`: whatever stands behind the opening fence. */
  | { kind: 'code'; language: string; text: string }
  | { kind: 'list'; start: number | null; items: Block[][] }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'table'; aligns: Align[]; head: Span[][]; rows: Span[][][] }
  | { kind: 'rule' }

/** Lists in lists and quotes in quotes are followed so far; deeper is text. */
const DEPTH_MAX = 6
const COLUMNS_MAX = 40

const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/
const QUOTE = /^ {0,3}> ?/
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/

export function blocksOf(text: string): Block[] {
  return blocksIn(text.split('\n'), 0)
}

function blocksIn(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at]!
    if (line.trim() === '') {
      at++
      continue
    }
    const [block, next] = blockAt(lines, at, depth)
    blocks.push(block)
    at = next
  }
  return blocks
}

function blockAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const line = lines[at]!
  if (fenceAfter(null, line) !== null) return codeAt(lines, at)
  const heading = HEADING.exec(line)
  if (heading) return [{ kind: 'heading', level: heading[1]!.length, spans: spansOf(heading[2] ?? '') }, at + 1]
  if (RULE.test(line)) return [{ kind: 'rule' }, at + 1]
  if (isTableAt(lines, at)) return tableAt(lines, at)
  if (depth < DEPTH_MAX && QUOTE.test(line)) return quoteAt(lines, at, depth)
  if (depth < DEPTH_MAX && LIST_ITEM.test(line)) return listAt(lines, at, depth)
  return paragraphAt(lines, at)
}

function paragraphAt(lines: readonly string[], from: number): [Block, number] {
  let at = from + 1
  while (at < lines.length && !endsParagraph(lines, at)) at++
  const text = lines
    .slice(from, at)
    .map((line) => line.trim())
    .join('\n')
  return [{ kind: 'paragraph', spans: spansOf(text) }, at]
}

function endsParagraph(lines: readonly string[], at: number): boolean {
  const line = lines[at]!
  return (
    line.trim() === '' ||
    fenceAfter(null, line) !== null ||
    HEADING.test(line) ||
    RULE.test(line) ||
    QUOTE.test(line) ||
    LIST_ITEM.test(line) ||
    isTableAt(lines, at)
  )
}

/** To its closing fence, or to the end where it has none: a model may be writing it just now. */
function codeAt(lines: readonly string[], from: number): [Block, number] {
  const opening = FENCE.exec(lines[from]!)!
  const indent = lines[from]!.length - lines[from]!.trimStart().length
  let fence = fenceAfter(null, lines[from]!)
  let at = from + 1
  while (at < lines.length) {
    fence = fenceAfter(fence, lines[at]!)
    if (fence === null) break
    at++
  }
  const text = lines
    .slice(from + 1, at)
    .map((line) => dedent(line, indent))
    .join('\n')
  return [{ kind: 'code', language: opening[2]!.trim(), text }, at + 1]
}

function quoteAt(lines: readonly string[], from: number, depth: number): [Block, number] {
  let at = from
  while (at < lines.length && QUOTE.test(lines[at]!)) at++
  const inner = lines.slice(from, at).map((line) => line.replace(QUOTE, ''))
  return [{ kind: 'quote', blocks: blocksIn(inner, depth + 1) }, at]
}

function listAt(lines: readonly string[], from: number, depth: number): [Block, number] {
  const first = LIST_ITEM.exec(lines[from]!)!
  const isOrdered = /\d/.test(first[2]!)
  const items: Block[][] = []
  let at = from
  while (at < lines.length) {
    const marker = LIST_ITEM.exec(lines[at]!)
    if (!marker || /\d/.test(marker[2]!) !== isOrdered || RULE.test(lines[at]!)) break
    const [item, next] = itemAt(lines, at, marker)
    items.push(blocksIn(item, depth + 1))
    at = next
  }
  return [{ kind: 'list', start: isOrdered ? Number.parseInt(first[2]!, 10) : null, items }, at]
}

/** The lines of one item without their indent; blank lines within belong to it where more of it follows. */
function itemAt(lines: readonly string[], from: number, marker: RegExpExecArray): [string[], number] {
  const indent = marker[1]!.length
  const inner = Math.max(indent + 2, marker[0].length)
  const item = [lines[from]!.slice(marker[0].length)]
  let fence = fenceAfter(null, item[0]!)
  let blanks = 0
  let at = from + 1
  for (; at < lines.length; at++) {
    const line = lines[at]!
    if (line.trim() === '' && fence === null) {
      blanks++
      continue
    }
    const depth = line.length - line.trimStart().length
    const belongs = depth > indent || fence !== null
    if (!belongs && (blanks > 0 || LIST_ITEM.test(line) || endsParagraph(lines, at))) break
    while (blanks-- > 0) item.push('')
    blanks = 0
    const own = dedent(line, Math.min(inner, Math.max(depth, 0)))
    fence = fenceAfter(fence, own)
    item.push(own)
  }
  return [item, at - Math.max(0, blanks)]
}

function isTableAt(lines: readonly string[], at: number): boolean {
  const rule = lines[at + 1]
  return lines[at]!.includes('|') && rule?.includes('-') === true && rule.includes('|') && TABLE_RULE.test(rule)
}

function tableAt(lines: readonly string[], from: number): [Block, number] {
  const head = cellsOf(lines[from]!)
  const aligns = cellsOf(lines[from + 1]!).map((cell): Align => {
    const left = cell.startsWith(':')
    return cell.endsWith(':') ? (left ? 'center' : 'right') : left ? 'left' : null
  })
  const rows: string[][] = []
  let at = from + 2
  for (; at < lines.length && lines[at]!.includes('|'); at++) rows.push(cellsOf(lines[at]!))
  const columns = head.length
  return [
    {
      kind: 'table',
      aligns: head.map((_, column) => aligns[column] ?? null),
      head: head.map(spansOf),
      rows: rows.map((row) => Array.from({ length: columns }, (_, column) => spansOf(row[column] ?? ''))),
    },
    at,
  ]
}

function cellsOf(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
  return inner
    .split(/(?<!\\)\|/)
    .slice(0, COLUMNS_MAX)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))
}

function dedent(line: string, columns: number): string {
  let at = 0
  while (at < columns && (line[at] === ' ' || line[at] === '\t')) at++
  return line.slice(at)
}
