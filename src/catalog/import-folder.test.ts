import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { FileNotOffered } from './errors.ts'
import { fileBelow } from './import-folder.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'tradewind-import-')))
after(() => rmSync(root, { recursive: true }))
const folder = join(root, 'import')
mkdirSync(join(folder, 'deep'), { recursive: true })
mkdirSync(join(root, 'import-not'))
for (const file of ['import/a.gguf', 'import/deep/b.gguf', 'outside.gguf', 'import-not/c.gguf'])
  writeFileSync(join(root, file), 'x')
symlinkSync(join(root, 'outside.gguf'), join(folder, 'out.gguf'))
symlinkSync(root, join(folder, 'up'))
symlinkSync(join(folder, 'a.gguf'), join(folder, 'within.gguf'))
symlinkSync(folder, join(root, 'alias'))

describe('files that may be taken in from the console', () => {
  it('are those below the folder, by whatever name they are reached', async () => {
    assert.equal(await fileBelow(folder, join(folder, 'a.gguf')), join(folder, 'a.gguf'))
    assert.equal(await fileBelow(folder, join(folder, 'deep/b.gguf')), join(folder, 'deep/b.gguf'))
    assert.equal(await fileBelow(folder, join(folder, 'within.gguf')), join(folder, 'a.gguf'))
    assert.equal(await fileBelow(join(root, 'alias'), join(folder, 'a.gguf')), join(folder, 'a.gguf'))
  })

  it('are no others, and the refusal is the same whether those exist or not', async () => {
    const refused = [
      '/etc/passwd',
      '/etc/nothing-of-this-name',
      '/root/secret',
      join(root, 'outside.gguf'),
      join(root, 'import-not/c.gguf'),
      join(folder, 'out.gguf'),
      join(folder, 'up/outside.gguf'),
      `${folder}/../outside.gguf`,
      join(folder, 'missing.gguf'),
      join(folder, 'deep'),
      folder,
      'a.gguf',
      '',
      `${folder}/a.gguf\0`,
    ]
    const sentences = new Set<string>()
    for (const path of refused)
      await assert.rejects(fileBelow(folder, path), (error: unknown) => {
        assert.ok(error instanceof FileNotOffered, path)
        sentences.add(error.message)
        return true
      })
    assert.equal(sentences.size, 1)
  })
})
