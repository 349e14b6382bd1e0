/**
 * Reads GBNF and writes texts of it: the other side of `printGbnf`, for tests only.
 *
 * It reads the printed notation rather than the tree that it was printed from, so that a wrong escape or bracket shows.
 */

type Node =
  | { kind: 'text'; text: string }
  | { kind: 'set'; ranges: [number, number][] }
  | { kind: 'sequence' | 'choice'; items: Node[] }
  | { kind: 'repeat'; item: Node; min: number; max: number | null }
  | { kind: 'rule'; name: string }

/**
 * @param below gives a whole number from 0 to n−1
 * @returns one text of the grammar, kept short once it has grown deep
 */
export function sampleGbnf(gbnf: string, below: (n: number) => number): string {
  const rules = new Map<string, Node>()
  for (const line of gbnf.split('\n')) {
    if (line === '') continue
    const [name, body] = line.split(/ ::= (.*)/s) as [string, string]
    rules.set(name, new Reader(body).whole())
  }
  const depths = shortestDepths(rules)
  const write = (node: Node, depth: number): string => {
    switch (node.kind) {
      case 'text':
        return node.text
      case 'set':
        return character(node.ranges, below)
      case 'rule':
        return write(ruleOf(rules, node.name), depth + 1)
      case 'sequence':
        return node.items.map((item) => write(item, depth)).join('')
      case 'choice': {
        // Past a depth the way to an end is taken, or a recursive grammar would never stop.
        const items = depth < 14 ? node.items : shallowest(node.items, depths)
        return write(items[below(items.length)] as Node, depth)
      }
      case 'repeat': {
        const most = depth < 14 ? Math.min(node.max ?? node.min + 3, node.min + 3) : node.min
        const times =
          below(8) === 0 && node.max !== null && depth < 6 ? node.max : node.min + below(most - node.min + 1)
        return Array.from({ length: times }, () => write(node.item, depth)).join('')
      }
    }
  }
  return write(ruleOf(rules, 'root'), 0)
}

function ruleOf(rules: Map<string, Node>, name: string): Node {
  const node = rules.get(name)
  if (node === undefined) throw new Error(`the grammar names a rule ${name} that it does not have`)
  return node
}

function character(ranges: readonly [number, number][], below: (n: number) => number): string {
  const [first, last] = ranges[below(ranges.length)] as [number, number]
  return String.fromCodePoint(first + below(last - first + 1))
}

/** Levels of rules that the shortest text of each rule needs. */
function shortestDepths(rules: Map<string, Node>): Map<string, number> {
  const depths = new Map<string, number>()
  for (let changed = true; changed; ) {
    changed = false
    for (const [name, node] of rules) {
      const depth = depthOf(node, depths) + 1
      if (depth < (depths.get(name) ?? Number.POSITIVE_INFINITY)) {
        depths.set(name, depth)
        changed = true
      }
    }
  }
  return depths
}

function depthOf(node: Node, depths: Map<string, number>): number {
  switch (node.kind) {
    case 'text':
    case 'set':
      return 0
    case 'rule':
      return depths.get(node.name) ?? Number.POSITIVE_INFINITY
    case 'sequence':
      return Math.max(0, ...node.items.map((item) => depthOf(item, depths)))
    case 'choice':
      return Math.min(...node.items.map((item) => depthOf(item, depths)))
    case 'repeat':
      return node.min === 0 ? 0 : depthOf(node.item, depths)
  }
}

function shallowest(items: readonly Node[], depths: Map<string, number>): Node[] {
  const least = Math.min(...items.map((item) => depthOf(item, depths)))
  return items.filter((item) => depthOf(item, depths) === least)
}

class Reader {
  #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  whole(): Node {
    const node = this.#choice()
    if (this.#at !== this.#source.length) throw new Error(`cannot read ${this.#source.slice(this.#at)}`)
    return node
  }

  #choice(): Node {
    const items = [this.#sequence()]
    while (this.#take(' | ')) items.push(this.#sequence())
    return items.length === 1 ? (items[0] as Node) : { kind: 'choice', items }
  }

  #sequence(): Node {
    const items = [this.#repeated()]
    while (this.#source[this.#at] === ' ' && this.#source[this.#at + 1] !== '|') {
      this.#at++
      items.push(this.#repeated())
    }
    return items.length === 1 ? (items[0] as Node) : { kind: 'sequence', items }
  }

  #repeated(): Node {
    const item = this.#atom()
    if (this.#take('*')) return { kind: 'repeat', item, min: 0, max: null }
    if (this.#take('+')) return { kind: 'repeat', item, min: 1, max: null }
    if (this.#take('?')) return { kind: 'repeat', item, min: 0, max: 1 }
    const times = /^\{(\d+)(,)?(\d*)\}/.exec(this.#source.slice(this.#at))
    if (times === null) return item
    this.#at += times[0].length
    const min = Number(times[1])
    return { kind: 'repeat', item, min, max: times[2] === undefined ? min : times[3] === '' ? null : Number(times[3]) }
  }

  #atom(): Node {
    if (this.#take('(')) {
      const inner = this.#choice()
      if (!this.#take(')')) throw new Error('a bracket does not close')
      return inner
    }
    if (this.#take('"')) {
      let text = ''
      while (!this.#take('"')) text += this.#unit()
      return { kind: 'text', text }
    }
    if (this.#take('[')) {
      const ranges: [number, number][] = []
      while (!this.#take(']')) {
        const first = this.#unit().codePointAt(0) as number
        const last = this.#take('-') ? (this.#unit().codePointAt(0) as number) : first
        ranges.push([first, last])
      }
      return { kind: 'set', ranges }
    }
    const name = /^[a-z][a-z0-9-]*/.exec(this.#source.slice(this.#at))?.[0]
    if (name === undefined) throw new Error(`cannot read ${this.#source.slice(this.#at, this.#at + 40)}`)
    this.#at += name.length
    return { kind: 'rule', name }
  }

  /** One character, escapes read as llama.cpp reads them. */
  #unit(): string {
    const unit = this.#source[this.#at++]
    if (unit === undefined) throw new Error('the grammar ends in the middle of a text')
    if (unit !== '\\') return unit
    const kind = this.#source[this.#at++] as string
    const length = { x: 2, u: 4, U: 8 }[kind]
    if (length === undefined) {
      if (!'\\"[]'.includes(kind)) throw new Error(`\\${kind} is no escape of GBNF`)
      return kind
    }
    const digits = this.#source.slice(this.#at, this.#at + length)
    this.#at += length
    return String.fromCodePoint(Number.parseInt(digits, 16))
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }
}
