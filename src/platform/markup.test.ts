import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { html } from './markup.ts'

describe('markup', () => {
  it('what is put in is text, and cannot become a tag or leave its attribute', () => {
    const typed = `<script>"'&</script>`
    assert.equal(
      html`<p title="${typed}">${typed}</p>`.text,
      '<p title="&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;">&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;</p>',
    )
  })

  it('markup in markup stays, lists are joined, nothing leaves nothing', () => {
    assert.equal(
      html`<ul>${['a<', 'b'].map((word) => html`<li>${word}</li>`)}</ul>${null}${false}${0}`.text,
      '<ul><li>a&lt;</li><li>b</li></ul>0',
    )
  })
})
