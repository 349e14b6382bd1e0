/**
 * Thread of `machine.ts` that measures how fast memory is read. `Buffer.indexOf` of a byte that is not there is the C
 * library's memchr: it reads every byte with vector instructions and does nothing else, so memory is what limits it.
 * A copy would measure writes too, which decoding hardly does.
 */
import { parentPort, workerData } from 'node:worker_threads'

/** All threads together; larger than the last cache of common machines. */
const BYTES_TOTAL = 128 * 2 ** 20
const MEASURE_MS = 50

const { threads } = workerData as { threads: number }
// Filled with something: untouched pages are all the same page of zeros, and that one sits in the cache.
const bytes = Buffer.alloc(Math.floor(BYTES_TOTAL / threads), 2)

const begin = performance.now()
let passes = 0
do {
  if (bytes.indexOf(1) !== -1) throw new Error('memory does not hold what was written')
  passes++
} while (performance.now() - begin < MEASURE_MS)

parentPort?.postMessage((passes * bytes.length) / ((performance.now() - begin) / 1000))
