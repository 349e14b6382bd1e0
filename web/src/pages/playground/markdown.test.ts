import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { blocksOf } from './markdown-blocks.ts'
import { ChunkedText } from './markdown-chunks.ts'
import { type CodePart, elementsOf } from './markdown-elements.ts'

const Code: CodePart = ({ text, language }) => createElement('pre', null, language, createElement('code', null, text))

const html = (text: string) => renderToStaticMarkup(createElement('div', null, elementsOf(text, Code)))

const TAGS = new Set('div p ul ol li pre code strong em s a br hr blockquote table thead tbody tr th td'.split(' '))
const ATTRIBUTES = new Set(['class', 'style', 'href', 'title', 'target', 'rel', 'tabindex', 'role'])

/** Text made of what a model, or somebody who wants harm, would write. */
const pieces = fc.constantFrom(
  ...[
    '**',
    '__',
    '*',
    '_',
    '`',
    '```',
    '~~',
    '~~~',
    '[',
    '](',
    ')',
    '![',
    '# ',
    '- ',
    '1. ',
    '> ',
    '|',
    '|---|',
    '\n',
    '\n\n',
  ],
  ...[
    '    ',
    '\t',
    '<script>',
    '</div>',
    '<img src=x onerror=alert(1)>',
    '&lt;',
    'javascript:alert(1)',
    'data:text/html,x',
  ],
  ...['https://example.com/a', 'mailto:a@b', '"', "'", '\\', '{', '}', '文字', '😀', '\u0000', 'word ', '1 < 2'],
)
const wild = fc.oneof(
  fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 300 }),
)

describe('what a model says, as elements', () => {
  it('makes no element, attribute or address outside the short list, whatever the text', () => {
    fc.assert(
      fc.property(wild, (text) => {
        for (const [, name, attributes] of html(text).matchAll(/<\/?([^\s/>]+)([^>]*)>/g)) {
          assert.ok(TAGS.has(name!), `<${name}> of ${JSON.stringify(text)}`)
          for (const [, attribute, value] of attributes!.matchAll(/([a-z-]+)="([^"]*)"/g)) {
            assert.ok(ATTRIBUTES.has(attribute!), `${attribute} of ${JSON.stringify(text)}`)
            if (attribute === 'href') assert.match(value!, /^(https?:\/\/|mailto:)/)
            if (attribute === 'style') assert.match(value!, /^counter-reset:n -?\d+$/)
          }
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it('loses no word', () => {
    const letters = fc.array(fc.constantFrom('alpha', 'beta', '文字', '**', '`', '- ', '\n', '> ', '# ', ' '), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(letters, (parts) => {
        const said = html(parts.join('')).replaceAll(/<[^>]*>/g, '')
        for (const word of ['alpha', 'beta', '文字']) {
          const wanted = parts.join('').split(word).length
          assert.equal(said.split(word).length, wanted, JSON.stringify(parts.join('')))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('comes to an end with text that is made to be slow', () => {
    for (const hard of [
      '[',
      '*',
      '**a ',
      '`',
      '_a',
      '![',
      '](',
      '> ',
      '- ',
      '|',
      '~~',
      '\\',
      'http://',
      '* a\n',
      '>'.repeat(30),
    ]) {
      const text = hard.repeat(20_000 / hard.length)
      assert.ok(blocksOf(text).length > 0, JSON.stringify(hard))
    }
  })

  it('reads what models write', () => {
    assert.equal(
      html('**174 eggs** are left.\n\n1. A crate: `12 × 18`\n2. Then *less*\n   - inner\n\nTo check, 90 + 84.'),
      '<div><p><strong>174 eggs</strong> are left.</p><ol style="counter-reset:n 0"><li><div>A crate: <code>12 × 18</code></div></li><li><div>Then <em>less</em><ul><li><div>inner</div></li></ul></div></li></ol><p>To check, 90 + 84.</p></div>',
    )
    assert.equal(
      html('# Plan\nline one\nline two\n```python\nif a < b:\n    go()\n```\nafter'),
      '<div><p class="head l1">Plan</p><p>line one<br/>line two</p><pre>python<code>if a &lt; b:\n    go()</code></pre><p>after</p></div>',
    )
    assert.equal(
      html('| a | b |\n|:--|--:|\n| 1 | **2** |\n\n> said\n> twice\n\n---'),
      '<div><div class="said-table" tabindex="0" role="group"><table><thead><tr><th class="left">a</th><th class="right">b</th></tr></thead><tbody><tr><td class="left">1</td><td class="right"><strong>2</strong></td></tr></tbody></table></div><blockquote><p>said<br/>twice</p></blockquote><hr/></div>',
    )
    assert.equal(
      html('2 * 3 * 4 and snake_case_name, C:\\dir'),
      '<div><p>2 * 3 * 4 and snake_case_name, C:\\dir</p></div>',
    )
    assert.equal(
      html('[x](javascript:alert(1)) <b>no</b>'),
      '<div><p>[x](javascript:alert(1)) &lt;b&gt;no&lt;/b&gt;</p></div>',
    )
    assert.match(
      html('See https://example.com/a. And [this](https://example.com).'),
      /<a href="https:\/\/example.com\/a" [^>]*>https:\/\/example.com\/a<\/a>\. And <a [^>]*>this<\/a>\./,
    )
  })
})

describe('a growing text', () => {
  it('is cut in the same places however it comes, and is whole', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), fc.array(fc.nat(400), { maxLength: 20 }), (parts, cuts) => {
        const text = parts.join('')
        const whole = new ChunkedText().grow(text)
        assert.equal(whole.done.join('') + whole.tail, text)
        const grown = new ChunkedText()
        for (const cut of cuts.map((at) => Math.min(at, text.length)).sort((a, b) => a - b))
          grown.grow(text.slice(0, cut))
        assert.deepEqual(grown.grow(text), whole)
      }),
      { numRuns: 3_000 },
    )
  })

  it('keeps a fence and a list with what belongs to it in one piece', () => {
    assert.deepEqual(new ChunkedText().grow('one\n\n```\na\n\nb\n```\n\n1. x\n\n   more\n\n2. y').done, [
      'one\n\n',
      '```\na\n\nb\n```\n\n',
      '1. x\n\n   more\n\n',
    ])
  })
})
