/** The cases that every source must pass; each source's test brings a place that exists and one that does not. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AppError } from '../platform/errors.ts'
import { bringWeights, type Progress } from './arrival.ts'
import { scratchFolder } from './scratch-folder.ts'
import type { Place, Source } from './source.ts'

export type SourceCase = {
  /** Builds the source and a place that holds `content`; what it starts must end with the test. */
  arrange(context: TestContext): Promise<{ source: Source; place: Place; content: Buffer; missing: Place }>
}

export function sourceCases(name: string, { arrange }: SourceCase): void {
  test(`${name}: what it looks at is what it writes`, async (context) => {
    const { source, place, content } = await arrange(context)
    const folder = await scratchFolder(context)
    const found = await source.look(place)
    assert.equal(found.bytes, content.length)
    await source.write(place, found, join(folder, 'part'), {})
    assert.ok((await readFile(join(folder, 'part'))).equals(content))
  })

  test(`${name}: weights arrive under their hash, with progress that never goes back`, async (context) => {
    const { source, place, content } = await arrange(context)
    const folder = await scratchFolder(context)
    const progress: Progress[] = []
    const arrival = await bringWeights({
      source,
      place,
      folder,
      key: 'case',
      onProgress: (step) => progress.push(step),
    })
    assert.equal(arrival.path, join(folder, `${arrival.sha256}.gguf`))
    assert.ok((await readFile(arrival.path)).equals(content))
    const fetching = progress.filter((step) => step.phase === 'fetching')
    assert.equal(fetching.at(-1)?.bytesDone, content.length)
    for (const [index, step] of fetching.entries()) assert.ok(step.bytesDone >= (fetching[index - 1]?.bytesDone ?? 0))
  })

  test(`${name}: a second fetch of the same file ends at the same place`, async (context) => {
    const { source, place } = await arrange(context)
    const folder = await scratchFolder(context)
    const first = await bringWeights({ source, place, folder, key: 'one' })
    const second = await bringWeights({ source, place, folder, key: 'two' })
    assert.equal(second.path, first.path)
  })

  test(`${name}: a full disk is refused before anything is fetched, with the numbers`, async (context) => {
    const { source, place } = await arrange(context)
    const folder = await scratchFolder(context)
    await assert.rejects(
      bringWeights({ source, place, folder, key: 'case', freeBytesOf: async () => 1000 }),
      (error: AppError) => {
        assert.equal(error.code, 'catalog.disk_full')
        assert.equal(error.data.freeBytes, 1000)
        return true
      },
    )
    await assert.rejects(readFile(join(folder, 'parts', 'case.part')), { code: 'ENOENT' })
  })

  test(`${name}: what is not there is an error with a code and leaves nothing`, async (context) => {
    const { source, missing } = await arrange(context)
    const folder = await scratchFolder(context)
    await assert.rejects(
      bringWeights({ source, place: missing, folder, key: 'case' }),
      (error) => error instanceof AppError,
    )
    await assert.rejects(readFile(join(folder, 'parts', 'case.part')), { code: 'ENOENT' })
  })

  test(`${name}: a pull that is told to stop before it begins fetches nothing`, async (context) => {
    const { source, place } = await arrange(context)
    const folder = await scratchFolder(context)
    await assert.rejects(bringWeights({ source, place, folder, key: 'case', signal: AbortSignal.abort() }), {
      name: 'AbortError',
    })
  })

  test(`${name}: a promise of the catalogue that does not hold throws the bytes away`, async (context) => {
    const { source, place } = await arrange(context)
    const folder = await scratchFolder(context)
    const promisedSha256 = '0'.repeat(64)
    await assert.rejects(bringWeights({ source, place, folder, key: 'case', promisedSha256 }), {
      code: 'catalog.wrong_hash',
    })
    await assert.rejects(readFile(join(folder, 'parts', 'case.part')), { code: 'ENOENT' })
  })
}
