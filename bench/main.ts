/**
 * `npm run bench -- <name>`: measures us and a peer in one interleaved run and prints medians and ratios. A ratio above
 * or below its bar is said, never asserted elsewhere: machines differ, and tests do not time.
 */
const BENCHES: Record<string, () => Promise<{ run(options: string[]): Promise<void> }>> = {
  engine: () => import('./engine/bench.ts'),
  start: () => import('./start/bench.ts'),
  'content-log': () => import('./content-log.ts'),
  console: () => import('./console/bench.ts'),
  journal: () => import('./journal.ts'),
  gateway: () => import('./gateway/bench.ts'),
}

const [name, ...options] = process.argv.slice(2)
const load = name ? BENCHES[name] : undefined
if (!load) {
  console.error(`Use it as: npm run bench -- ${Object.keys(BENCHES).join(' | ')} [--rounds 5]`)
  process.exit(1)
}
await (await load()).run(options)
