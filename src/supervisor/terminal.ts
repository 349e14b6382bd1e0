/** What the person who typed `npm start` sees: plain lines, and one bar while something is fetched. */
const BAR_CELLS = 24

export class Terminal {
  readonly #out: NodeJS.WriteStream
  #barShown = false
  #lastTenth = -1

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  say(...lines: string[]): void {
    this.endBar()
    for (const line of lines) this.#out.write(`${line}\n`)
  }

  /** On a terminal a bar that is drawn over itself; elsewhere (a log) a line per tenth. */
  bar(progress: { label: string; bytesDone: number; bytesTotal: number; bytesPerSecond: number }): void {
    const { label, bytesDone, bytesTotal, bytesPerSecond } = progress
    const share = bytesTotal > 0 ? Math.min(1, bytesDone / bytesTotal) : 0
    const amount = `${megabytes(bytesDone)} of ${megabytes(bytesTotal)} MB`
    if (!this.#out.isTTY) {
      const tenth = Math.floor(share * 10)
      if (tenth !== this.#lastTenth) this.#out.write(`  ${label}: ${amount}\n`)
      this.#lastTenth = tenth
      return
    }
    const filled = Math.round(share * BAR_CELLS)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled)
    const left = bytesPerSecond > 0 ? `, ${duration((bytesTotal - bytesDone) / bytesPerSecond)} left` : ''
    this.#out.write(`\r\x1b[K  ${label} ${bar} ${amount}, ${megabytes(bytesPerSecond)} MB/s${left}`)
    this.#barShown = true
  }

  endBar(): void {
    if (this.#barShown) this.#out.write('\n')
    this.#barShown = false
    this.#lastTenth = -1
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`
}
