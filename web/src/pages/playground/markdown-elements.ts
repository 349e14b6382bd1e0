/**
 * Blocks as React elements, from a short list of tags. A model's text reaches the page as text nodes and nothing else:
 * no HTML, no picture, no address but of the web. A test throws arbitrary text at it and looks at what comes out.
 *
 * Without JSX, so that the test runs it as it is.
 */
import { type ComponentType, createElement, Fragment, type ReactNode } from 'react'
import { type Block, blocksOf } from './markdown-blocks.ts'
import type { Span } from './markdown-spans.ts'

export type CodePart = ComponentType<{ text: string; language: string }>

export function elementsOf(text: string, Code: CodePart): ReactNode {
  return blocks(blocksOf(text), Code)
}

function blocks(list: readonly Block[], Code: CodePart): ReactNode {
  return list.map((block, index) => createElement(Fragment, { key: index }, element(block, Code)))
}

function element(block: Block, Code: CodePart): ReactNode {
  switch (block.kind) {
    case 'paragraph':
      return createElement('p', null, ...spans(block.spans))
    // No heading of the page: a screen reader's outline is not the model's to write.
    case 'heading':
      return createElement('p', { className: `head l${Math.min(block.level, 3)}` }, ...spans(block.spans))
    case 'code':
      return createElement(Code, { text: block.text, language: block.language })
    case 'quote':
      return createElement('blockquote', null, blocks(block.blocks, Code))
    case 'rule':
      return createElement('hr')
    case 'list': {
      const items = block.items.map((item, index) => createElement('li', { key: index }, itemWords(item, Code)))
      return block.start === null
        ? createElement('ul', null, items)
        : createElement('ol', { style: { counterReset: `n ${block.start - 1}` } }, items)
    }
    case 'table':
      return table(block)
    default:
      return block satisfies never
  }
}

/** In one box: a list's item is a grid of its marker and that. A tight item has its words without a paragraph. */
function itemWords(item: readonly Block[], Code: CodePart): ReactNode {
  const [first, ...rest] = item
  if (first?.kind !== 'paragraph') return createElement('div', null, blocks(item, Code))
  return createElement('div', null, ...spans(first.spans), blocks(rest, Code))
}

function table({ aligns, head, rows }: Extract<Block, { kind: 'table' }>): ReactNode {
  const cell = (tag: 'th' | 'td', column: number, words: readonly Span[]) =>
    createElement(tag, { key: column, className: aligns[column] ?? undefined }, ...spans(words))
  return createElement(
    'div',
    { className: 'said-table', tabIndex: 0, role: 'group' },
    createElement(
      'table',
      null,
      createElement(
        'thead',
        null,
        createElement(
          'tr',
          null,
          head.map((words, column) => cell('th', column, words)),
        ),
      ),
      createElement(
        'tbody',
        null,
        rows.map((row, index) =>
          createElement(
            'tr',
            { key: index },
            row.map((words, column) => cell('td', column, words)),
          ),
        ),
      ),
    ),
  )
}

function spans(list: readonly Span[]): ReactNode[] {
  return list.map((span) => {
    if (typeof span === 'string') return span
    switch (span.kind) {
      case 'strong':
        return createElement('strong', null, ...spans(span.spans))
      case 'em':
        return createElement('em', null, ...spans(span.spans))
      case 'struck':
        return createElement('s', null, ...spans(span.spans))
      case 'code':
        return createElement('code', null, span.text)
      case 'break':
        return createElement('br')
      case 'link':
        return createElement(
          'a',
          { href: span.href, title: span.href, target: '_blank', rel: 'noopener noreferrer nofollow' },
          ...spans(span.spans),
        )
      default:
        return span satisfies never
    }
  })
}
