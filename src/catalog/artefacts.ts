/**
 * What lies on this disk: weights, one artefact a model, and adapters beside them, all under their hash. Owns the table
 * catalog_artefact.
 *
 * It is small and asked for on every request, so it is kept in memory and written through; the one active control is
 * the only writer. Two models may share the bytes of one file, which goes with the last of them.
 */
import { rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { eq } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { bringWeights, weightsPath } from './arrival.ts'
import { NotWeights, WeightsInUse, WeightsMissing } from './errors.ts'
import type { Precision } from './model-family.ts'
import { type LocalFilePlace, placeName, type Source } from './source.ts'
import { type ArtefactRow, catalogArtefact } from './tables.ts'
import { checkWeights } from './weights-check.ts'

export type Weights = {
  path: string
  sha256: string
  bytes: number
  precision: Precision
  /** Where they came from, in one line. */
  from: string
  revision: string | null
  /** False: the source publishes no hash, and only the form was checked. */
  hashWasPromised: boolean
  arrivedAtMs: number
}

export type ArtefactsDeps = {
  db: Db
  weightsFolder: string
  localFiles: Source<LocalFilePlace>
  freeBytesOf: (folder: string) => Promise<number>
  clock: Clock
  log: Log
}

export type Artefacts = Awaited<ReturnType<typeof openArtefacts>>

/** Reads the table. Rows whose file is missing or has another size are passed over, with a warning. */
export async function openArtefacts(deps: ArtefactsDeps) {
  const { db, weightsFolder, localFiles, freeBytesOf, clock, log } = deps
  const rows = new Map<string, ArtefactRow>()
  const listeners = new Set<() => void>()
  const users: ((model: string) => string | null)[] = []

  for (const row of await db.select().from(catalogArtefact)) {
    const here = await stat(weightsPath(weightsFolder, row.sha256, row.kind)).catch(() => null)
    if (here?.size === row.bytes) rows.set(row.model, row)
    else log.warn({ model: row.model, sha256: row.sha256 }, 'weights that should be here are not')
  }

  function tellChanged(): void {
    for (const listener of listeners) listener()
  }

  async function removeUnlessUsed(sha256: string, kind: string): Promise<void> {
    if ([...rows.values()].some((row) => row.sha256 === sha256)) return
    await rm(weightsPath(weightsFolder, sha256, kind), { force: true })
  }

  return {
    of: (model: string): ArtefactRow | null => rows.get(model) ?? null,

    all: (): ArtefactRow[] => [...rows.values()],

    weightsOf(model: string): Weights | null {
      const row = rows.get(model)
      if (!row) return null
      return {
        path: weightsPath(weightsFolder, row.sha256, row.kind),
        sha256: row.sha256,
        bytes: row.bytes,
        precision: row.precision,
        from: placeName(row.place),
        revision: row.revision,
        hashWasPromised: row.hashWasPromised,
        arrivedAtMs: row.createdAt.getTime(),
      }
    },

    /** Writes a model's artefact, in place of an earlier one. Nobody sees it before `keep`, after the transaction. */
    async write(tx: Tx, model: string, values: Omit<ArtefactRow, 'id' | 'model'>): Promise<ArtefactRow> {
      const [row] = await tx
        .insert(catalogArtefact)
        .values({ ...values, id: newId('art', values.createdAt.getTime()), model })
        .onConflictDoUpdate({ target: catalogArtefact.model, set: values })
        .returning()
      if (!row) throw new Error(`The artefact of ${model} was not written.`)
      return row
    },

    /** A written artefact may be used from here on; the file that it takes the place of goes. */
    async keep(row: ArtefactRow): Promise<void> {
      const before = rows.get(row.model)
      rows.set(row.model, row)
      if (before && before.sha256 !== row.sha256) await removeUnlessUsed(before.sha256, before.kind)
    },

    /** Removes a file that arrived for nothing, unless it is also a model's that is here. */
    removeUnlessUsed,

    tellChanged,

    onChanged(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    async takeAdapter(path: string): Promise<{ path: string; sha256: string; bytes: number }> {
      const place = { kind: 'local-file' as const, path: resolve(path) }
      const { fileName } = await localFiles.look(place)
      const checked = await checkWeights(place.path, fileName)
      if (checked.kind !== 'gguf' || checked.header.metadata.get('general.type') !== 'adapter')
        throw new NotWeights({
          file: fileName,
          reason: 'it is no LoRA adapter in GGUF form; convert one with llama.cpp (convert_lora_to_gguf.py).',
        })
      const key = newId('art', clock.nowMs())
      const arrival = await bringWeights({ source: localFiles, place, folder: weightsFolder, key, freeBytesOf })
      return { path: arrival.path, sha256: arrival.sha256, bytes: arrival.bytes }
    },

    askBeforeDeleting(user: (model: string) => string | null): void {
      users.push(user)
    },

    async deleteWeights(model: string): Promise<void> {
      const row = rows.get(model)
      if (!row) throw new WeightsMissing({ model })
      for (const user of users) {
        const by = user(model)
        if (by !== null) throw new WeightsInUse({ model, by })
      }
      // Out of memory first: from here on nobody is told where the file lies.
      rows.delete(model)
      await db.delete(catalogArtefact).where(eq(catalogArtefact.model, model))
      await removeUnlessUsed(row.sha256, row.kind)
      tellChanged()
    },
  }
}
