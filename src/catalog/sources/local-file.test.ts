import assert from 'node:assert/strict'
import { stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { bringWeights } from '../arrival.ts'
import { scratchFolder } from '../scratch-folder.ts'
import { sourceCases } from '../source.cases.ts'
import { tinyGguf } from '../tiny-gguf.ts'
import { createLocalFileSource } from './local-file.ts'

sourceCases('local file', {
  async arrange(context) {
    const folder = await scratchFolder(context)
    const path = join(folder, 'Tiny.gguf')
    const content = tinyGguf()
    await writeFile(path, content)
    const missing = { kind: 'local-file', path: join(folder, 'none.gguf') } as const
    return { source: createLocalFileSource(), place: { kind: 'local-file', path }, content, missing }
  },
})

test('importing a link takes the file behind it and leaves the original where it is', async (context) => {
  const folder = await scratchFolder(context)
  await writeFile(join(folder, 'real.gguf'), tinyGguf())
  await symlink(join(folder, 'real.gguf'), join(folder, 'link.gguf'))
  const place = { kind: 'local-file', path: join(folder, 'link.gguf') } as const
  const arrival = await bringWeights({ source: createLocalFileSource(), place, folder, key: 'link' })
  assert.ok((await stat(arrival.path)).isFile())
  assert.ok((await stat(join(folder, 'real.gguf'))).isFile())
})

test('a folder is refused', async (context) => {
  const folder = await scratchFolder(context)
  await assert.rejects(createLocalFileSource().look({ kind: 'local-file', path: folder }), {
    code: 'catalog.not_weights',
  })
})
