/**
 * What this machine is: cores, memory, its measured bandwidth, GPUs, disk. Read as a container sees it: the limits of
 * its cgroup count, not the host's, since a process that believes the host's numbers is killed for it.
 */
import { execFile } from 'node:child_process'
import { readFile, statfs } from 'node:fs/promises'
import { availableParallelism, cpus, freemem, hostname, totalmem } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

export type Gpu = { name: string; memoryBytes: number; memoryFreeBytes: number; bandwidthBytesPerSecond: number | null }

export type Machine = {
  name: string
  platform: NodeJS.Platform
  cpu: string
  /** Logical processors that the hardware has. */
  coresPhysical: number
  /** Whole processors that this process may use at once: affinity and the cgroup's quota, at least 1. */
  coresAvailable: number
  memory: MachineMemory
  gpus: Gpu[]
}

export type MachineMemory = { totalBytes: number; availableBytes: number }

/** Everything but bandwidth, which costs time to measure. Takes some milliseconds; a second where a GPU driver sleeps. */
export async function readMachine(): Promise<Machine> {
  const processors = cpus()
  const [quota, memory, gpus] = await Promise.all([cgroupCores(), machineMemory(), readGpus()])
  return {
    name: hostname(),
    platform: process.platform,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    coresPhysical: processors.length,
    coresAvailable: Math.max(1, Math.min(availableParallelism(), quota ?? Number.POSITIVE_INFINITY)),
    memory,
    gpus,
  }
}

/** Memory of the machine or its container: all of it, and what a new process could take now. */
export async function machineMemory(root = '/'): Promise<MachineMemory> {
  const host = parseMeminfo(await readFile(join(root, 'proc/meminfo'), 'utf8').catch(() => '')) ?? {
    totalBytes: totalmem(),
    availableBytes: freemem(), // macOS counts file cache as used, so this errs on the careful side
  }
  const limit = await cgroupMemory(root)
  if (limit === null || limit.maxBytes >= host.totalBytes) return host
  // Cached files count as used by a cgroup but give way, as they do in MemAvailable.
  const free = limit.maxBytes - limit.currentBytes + limit.reclaimableBytes
  return {
    totalBytes: limit.maxBytes,
    availableBytes: Math.max(0, Math.min(free, limit.maxBytes, host.availableBytes)),
  }
}

export function parseMeminfo(text: string): MachineMemory | null {
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024
  const [totalBytes, availableBytes] = [bytes('MemTotal'), bytes('MemAvailable')]
  return Number.isNaN(totalBytes) || Number.isNaN(availableBytes) ? null : { totalBytes, availableBytes }
}

type CgroupMemory = { maxBytes: number; currentBytes: number; reclaimableBytes: number }

/** The limit of the control group that this process is in (version 2, else 1); null = none. */
async function cgroupMemory(root: string): Promise<CgroupMemory | null> {
  for (const folder of await cgroupFolders(root, 'memory')) {
    const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => null)
    const max = limitOf((await read('memory.max')) ?? (await read('memory.limit_in_bytes')))
    if (max === null) continue
    const current = Number((await read('memory.current')) ?? (await read('memory.usage_in_bytes')) ?? 0)
    const stat = (await read('memory.stat')) ?? ''
    const inactive = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0)
    return { maxBytes: max, currentBytes: current, reclaimableBytes: inactive }
  }
  return null
}

/** Whole cores that the quota allows, rounded up; null = no quota. */
export async function cgroupCores(root = '/'): Promise<number | null> {
  for (const folder of await cgroupFolders(root, 'cpu')) {
    const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => null)
    const [quota, period] = ((await read('cpu.max')) ?? '').trim().split(' ')
    if (quota && period && quota !== 'max') return Math.max(1, Math.ceil(Number(quota) / Number(period)))
    const [oldQuota, oldPeriod] = [Number(await read('cpu.cfs_quota_us')), Number(await read('cpu.cfs_period_us'))]
    if (oldQuota > 0 && oldPeriod > 0) return Math.max(1, Math.ceil(oldQuota / oldPeriod))
  }
  return null
}

/** Folders where a limit may stand, the closest first: the process's own group, then what a container sees as root. */
async function cgroupFolders(root: string, controller: string): Promise<string[]> {
  const own = await readFile(join(root, 'proc/self/cgroup'), 'utf8').catch(() => '')
  const folders: string[] = []
  for (const line of own.split('\n')) {
    const [, controllers, path] = line.split(':')
    if (path === undefined) continue
    if (controllers === '') folders.push(...upwards(join(root, 'sys/fs/cgroup'), path))
    else if (controllers?.split(',').includes(controller))
      folders.push(...upwards(join(root, 'sys/fs/cgroup', controller), path))
  }
  return [...folders, join(root, 'sys/fs/cgroup'), join(root, 'sys/fs/cgroup', controller)]
}

/** A group and those above it: a limit of any of them holds. */
function upwards(base: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  return parts.map((_, index) => join(base, ...parts.slice(0, parts.length - index)))
}

/** Version 1 says "no limit" with a number near 2^63. */
function limitOf(text: string | null): number | null {
  const value = Number(text?.trim())
  return text === null || text.trim() === 'max' || !Number.isFinite(value) || value <= 0 || value > 2 ** 60
    ? null
    : value
}

/** Free bytes for an ordinary user on the disk that holds `folder`. */
export async function diskFreeBytes(folder: string): Promise<number> {
  const disk = await statfs(folder)
  return disk.bavail * disk.bsize
}

const NVIDIA_SMI_MS_MAX = 5000

/** GPUs that the NVIDIA driver reports; none where it is absent or silent. */
export async function readGpus(command = 'nvidia-smi'): Promise<Gpu[]> {
  const question = ['--query-gpu=name,memory.total,memory.free', '--format=csv,noheader,nounits']
  const answer = await promisify(execFile)(command, question, { timeout: NVIDIA_SMI_MS_MAX }).catch(() => null)
  return answer === null ? [] : parseNvidiaSmi(answer.stdout)
}

export function parseNvidiaSmi(csv: string): Gpu[] {
  return csv.split('\n').flatMap((line) => {
    const [name, total, free] = line.split(',').map((part) => part.trim())
    const [totalMib, freeMib] = [Number(total), Number(free)]
    if (!name || !Number.isFinite(totalMib) || totalMib <= 0) return []
    const memoryFreeBytes = (Number.isFinite(freeMib) ? freeMib : totalMib) * 2 ** 20
    return [{ name, memoryBytes: totalMib * 2 ** 20, memoryFreeBytes, bandwidthBytesPerSecond: gpuBandwidth(name) }]
  })
}

/** Published memory bandwidths, bytes/s. Source: NVIDIA data sheets. First match counts. */
const GPU_BANDWIDTH: readonly [RegExp, number][] = [
  [/B300|B200/, 8.0e12],
  [/H200/, 4.8e12],
  [/H100.*PCIe/, 2.0e12],
  [/H100/, 3.35e12],
  [/A100.*80/, 2.0e12],
  [/A100/, 1.55e12],
  [/L40S?\b/, 0.864e12],
  [/L4\b/, 0.3e12],
  [/A10\b/, 0.6e12],
  [/T4\b/, 0.32e12],
  [/V100/, 0.9e12],
  [/RTX 5090/, 1.79e12],
  [/RTX 4090/, 1.01e12],
  [/RTX 3090/, 0.936e12],
]

function gpuBandwidth(name: string): number | null {
  return GPU_BANDWIDTH.find(([pattern]) => pattern.test(name))?.[1] ?? null
}

/**
 * Memory bandwidth for reading, bytes/s, as the cores together reach it; about 150 ms, once. Bytes are read as decoding
 * reads weights: once, in order, from memory that no cache holds. Null where it could not be measured.
 */
export async function measureMemoryBandwidth(threads = Math.min(4, availableParallelism())): Promise<number | null> {
  const shares = await Promise.all(Array.from({ length: threads }, () => measureInThread(threads)))
  const whole = shares.filter((share) => share !== null)
  return whole.length === 0 ? null : Math.round(whole.reduce((sum, share) => sum + share, 0))
}

function measureInThread(threads: number): Promise<number | null> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./memory-bandwidth.ts', import.meta.url), { workerData: { threads } })
    worker.once('message', (bytesPerSecond: number) => resolve(bytesPerSecond))
    worker.once('error', () => resolve(null))
    worker.once('exit', () => resolve(null))
  })
}
