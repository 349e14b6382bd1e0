/**
 * Memory that models may use here, as the fit verdict wants it: the machine's own with its measured bandwidth, and each
 * GPU that the engine could use. Bandwidth is measured once, after the start, when nothing hurries any more.
 */
import type { MemoryPool } from '../catalog/fit.ts'
import { type Gpu, measureMemoryBandwidth, readGpus } from '../engines/machine.ts'

export type MachineView = {
  /** Pools as they are now. */
  pools(): Promise<MemoryPool[]>
  /** Measures bandwidth and finds GPUs; until then speeds are unknown. */
  measure(): Promise<void>
}

export function createMachineView(options: {
  memory: () => Promise<{ budgetBytes: number; freeBytes: number }>
  /** Whether the GPU build of the engine library is installed and wanted. */
  usesGpu: () => boolean
}): MachineView {
  let bandwidthBytesPerSecond: number | null = null
  let gpus: Gpu[] = []
  return {
    async pools() {
      const { budgetBytes, freeBytes } = await options.memory()
      const own: MemoryPool = {
        kind: 'memory',
        name: "this machine's memory",
        capacityBytes: budgetBytes,
        freeBytes,
        bandwidthBytesPerSecond,
      }
      const cards = options.usesGpu() ? gpus : []
      return [
        own,
        ...cards.map(
          (gpu): MemoryPool => ({
            kind: 'gpu',
            name: gpu.name,
            capacityBytes: gpu.memoryBytes,
            freeBytes: gpu.memoryFreeBytes,
            bandwidthBytesPerSecond: gpu.bandwidthBytesPerSecond,
          }),
        ),
      ]
    },
    async measure() {
      gpus = await readGpus()
      bandwidthBytesPerSecond = await measureMemoryBandwidth()
    },
  }
}
