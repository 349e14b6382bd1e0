/**
 * Who holds which beginning of a text: a radix tree over token lists. Pure.
 *
 * One tree per scope (salt + adapter), so nothing is ever found across organisations or across weights. A holder is whatever
 * the caller keeps prefixes in: a sequence of the context, a file on disk. Each holder has one token list at a time.
 *
 *   scope ─┬─ [sys, you, are] ─┬─ [a, bot]      ← holder 1
 *          │                   └─ [a, pirate]   ← holders 2, 5
 *          └─ [once, upon]                      ← holder 3
 *
 * A list of hashes of fixed blocks (as vLLM keeps) would be simpler and is enough there, because its memory is paged in
 * blocks; here a sequence can be cut at any token, and a block would throw away up to its length.
 */
import type { Token } from '../token-engine.ts'

type Node<Holder> = {
  /** Tokens on the way from the parent to here; empty only at the root. */
  edge: readonly Token[]
  parent: Node<Holder> | null
  children: Map<Token, Node<Holder>>
  holders: Set<Holder>
}

export type PrefixMatch<Holder> = { holder: Holder; length: number }

export class PrefixIndex<Holder> {
  readonly #roots = new Map<string, Node<Holder>>()
  readonly #places = new Map<Holder, { scope: string; node: Node<Holder>; length: number }>()

  get size(): number {
    return this.#places.size
  }

  /** Sets the token list of a holder; what it held until now is forgotten. Tokens are copied. */
  set(holder: Holder, scope: string, tokens: readonly Token[]): void {
    this.delete(holder)
    let root = this.#roots.get(scope)
    if (root === undefined) {
      root = newNode<Holder>([], null)
      this.#roots.set(scope, root)
    }
    const { node, depth, inEdge } = walk(root, tokens)
    let place = inEdge < node.edge.length ? split(node, inEdge) : node
    if (depth < tokens.length) {
      const leaf = newNode<Holder>(tokens.slice(depth), place)
      place.children.set(tokens[depth]!, leaf)
      place = leaf
    }
    place.holders.add(holder)
    this.#places.set(holder, { scope, node: place, length: tokens.length })
  }

  delete(holder: Holder): void {
    const place = this.#places.get(holder)
    if (place === undefined) return
    this.#places.delete(holder)
    place.node.holders.delete(holder)
    prune(place.node)
    const root = this.#roots.get(place.scope)
    if (root !== undefined && root.children.size === 0 && root.holders.size === 0) this.#roots.delete(place.scope)
  }

  /**
   * Every holder that shares at least one first token with `tokens`, longest common prefix first.
   * Lazy: taking only the first costs one walk down.
   */
  *longestFirst(scope: string, tokens: readonly Token[]): Generator<PrefixMatch<Holder>> {
    const root = this.#roots.get(scope)
    if (root === undefined) return
    const { node, depth, inEdge } = walk(root, tokens)
    let length = depth
    let seen: Node<Holder> | null = null
    // Everything below the node that the walk ended in or on shares `depth` tokens; each step up shares its edge less.
    let at: Node<Holder> | null = node
    let edgeShared = inEdge
    while (at !== null && length > 0) {
      for (const holder of holdersBelow(at, seen)) yield { holder, length }
      seen = at
      length -= edgeShared
      at = at.parent
      edgeShared = at?.edge.length ?? 0
    }
  }

  /** Whether some other holder's list begins with the whole list of this one: then this one may go without loss. */
  isCovered(holder: Holder): boolean {
    const place = this.#places.get(holder)
    if (place === undefined) return false
    return place.node.children.size > 0 || place.node.holders.size > 1
  }

  /** Scopes in use, for tests and statistics. */
  scopes(): string[] {
    return [...this.#roots.keys()]
  }
}

function newNode<Holder>(edge: readonly Token[], parent: Node<Holder> | null): Node<Holder> {
  return { edge, parent, children: new Map(), holders: new Set() }
}

/** Follows `tokens` down. `inEdge` = how many tokens of the last node's edge matched. */
function walk<Holder>(root: Node<Holder>, tokens: readonly Token[]) {
  let node = root
  let depth = 0
  let inEdge = root.edge.length
  while (inEdge === node.edge.length && depth < tokens.length) {
    const child = node.children.get(tokens[depth]!)
    if (child === undefined) break
    node = child
    inEdge = 0
    while (inEdge < node.edge.length && depth < tokens.length && node.edge[inEdge] === tokens[depth]) {
      inEdge++
      depth++
    }
  }
  return { node, depth, inEdge }
}

/** Cuts a node's edge in two. @returns the new upper node */
function split<Holder>(node: Node<Holder>, at: number): Node<Holder> {
  const upper = newNode(node.edge.slice(0, at), node.parent)
  node.parent?.children.set(upper.edge[0]!, upper)
  node.edge = node.edge.slice(at)
  node.parent = upper
  upper.children.set(node.edge[0]!, node)
  return upper
}

/** Removes nodes that hold nothing and joins those with one child, from `node` upwards. */
function prune<Holder>(node: Node<Holder>): void {
  let at: Node<Holder> | null = node
  while (at !== null && at.parent !== null && at.holders.size === 0) {
    const parent: Node<Holder> = at.parent
    if (at.children.size === 0) {
      parent.children.delete(at.edge[0]!)
      at = parent
      continue
    }
    if (at.children.size === 1) {
      const only = at.children.values().next().value as Node<Holder>
      only.edge = [...at.edge, ...only.edge]
      only.parent = parent
      parent.children.set(only.edge[0]!, only)
    }
    return
  }
}

function* holdersBelow<Holder>(node: Node<Holder>, except: Node<Holder> | null): Generator<Holder> {
  if (node === except) return
  yield* node.holders
  for (const child of node.children.values()) yield* holdersBelow(child, except)
}
