/** Server-sent events out of text that comes in pieces: the same events wherever it is cut. */
export class EventSplitter {
  #rest = ''

  /** @returns the data of each event that is whole now */
  push(text: string): string[] {
    this.#rest += text
    const found: string[] = []
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.#rest)
      if (!end) return found
      const event = this.#rest.slice(0, end.index)
      this.#rest = this.#rest.slice(end.index + end[0].length)
      const data = event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(line[5] === ' ' ? 6 : 5))
      if (data.length > 0) found.push(data.join('\n'))
    }
  }
}
