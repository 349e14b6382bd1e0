import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  cgroupCores,
  diskFreeBytes,
  machineMemory,
  measureMemoryBandwidth,
  parseMeminfo,
  parseNvidiaSmi,
  readGpus,
  readMachine,
} from './machine.ts'

/** A scratch folder that looks like the root of a Linux machine. */
async function fakeRoot(context: TestContext, files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tradewind-machine-'))
  context.after(() => rm(root, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), content)
  }
  return root
}

const MEMINFO = 'MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:   12000000 kB\n'

test('this machine has cores, memory and disk', async () => {
  const machine = await readMachine()
  assert.ok(machine.coresAvailable >= 1 && machine.coresAvailable <= machine.coresPhysical)
  assert.ok(machine.memory.totalBytes > 2 ** 28)
  assert.ok(machine.memory.availableBytes > 0 && machine.memory.availableBytes <= machine.memory.totalBytes)
  assert.ok((await diskFreeBytes(tmpdir())) > 0)
})

test('memory bandwidth is measured and plausible', async () => {
  const bandwidth = await measureMemoryBandwidth()
  assert.ok(bandwidth !== null && bandwidth > 5e8 && bandwidth < 5e12, String(bandwidth))
})

test('memory without a container is what the kernel says is available', async (context) => {
  const root = await fakeRoot(context, { 'proc/meminfo': MEMINFO })
  assert.deepEqual(await machineMemory(root), { totalBytes: 16_384_000_000, availableBytes: 12_288_000_000 })
})

test('a limit of the container counts, and its file cache is free', async (context) => {
  const root = await fakeRoot(context, {
    'proc/meminfo': MEMINFO,
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/memory.max': '4000000000\n',
    'sys/fs/cgroup/memory.current': '3000000000\n',
    'sys/fs/cgroup/memory.stat': 'anon 1000000000\ninactive_file 500000000\nactive_file 1500000000\n',
  })
  assert.deepEqual(await machineMemory(root), { totalBytes: 4_000_000_000, availableBytes: 1_500_000_000 })
})

test('the limit of a group above holds, and so does one of version 1', async (context) => {
  const above = await fakeRoot(context, {
    'proc/meminfo': MEMINFO,
    'proc/self/cgroup': '0::/user.slice/app.scope\n',
    'sys/fs/cgroup/user.slice/app.scope/memory.max': 'max\n',
    'sys/fs/cgroup/user.slice/memory.max': '2000000000\n',
    'sys/fs/cgroup/user.slice/memory.current': '500000000\n',
  })
  assert.equal((await machineMemory(above)).totalBytes, 2_000_000_000)
  const old = await fakeRoot(context, {
    'proc/meminfo': MEMINFO,
    'proc/self/cgroup': '5:memory:/docker/abc\n',
    'sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': '1000000000\n',
    'sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes': '400000000\n',
  })
  assert.deepEqual(await machineMemory(old), { totalBytes: 1_000_000_000, availableBytes: 600_000_000 })
})

test('no limit, said in either version, is no limit', async (context) => {
  for (const files of [
    { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': 'max\n', 'sys/fs/cgroup/cpu.max': 'max 100000\n' },
    { 'proc/self/cgroup': '5:memory:/\n', 'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' },
  ]) {
    const root = await fakeRoot(context, { 'proc/meminfo': MEMINFO, ...files })
    assert.equal((await machineMemory(root)).totalBytes, 16_384_000_000)
    assert.equal(await cgroupCores(root), null)
  }
})

test('a quota of one and a half cores is two whole ones', async (context) => {
  const root = await fakeRoot(context, { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '150000 100000\n' })
  assert.equal(await cgroupCores(root), 2)
  const old = await fakeRoot(context, {
    'proc/self/cgroup': '3:cpu,cpuacct:/\n',
    'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000\n',
    'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  })
  assert.equal(await cgroupCores(old), 3)
})

test('meminfo without the fields is no answer', () => {
  assert.equal(parseMeminfo(''), null)
  assert.equal(parseMeminfo('MemTotal: 5 kB\n'), null)
})

test('GPUs are read from the driver, with the bandwidth of those that are known', async (context) => {
  assert.deepEqual(parseNvidiaSmi('NVIDIA H200, 143771, 143000\nStrange GPU, 1024, [N/A]\n\n'), [
    {
      name: 'NVIDIA H200',
      memoryBytes: 143_771 * 2 ** 20,
      memoryFreeBytes: 143_000 * 2 ** 20,
      bandwidthBytesPerSecond: 4.8e12,
    },
    { name: 'Strange GPU', memoryBytes: 2 ** 30, memoryFreeBytes: 2 ** 30, bandwidthBytesPerSecond: null },
  ])
  const root = await fakeRoot(context, {
    smi: '#!/bin/sh\necho "NVIDIA L4, 23034, 22500"\n',
    failing: '#!/bin/sh\nexit 9\n',
  })
  await chmod(join(root, 'smi'), 0o755)
  await chmod(join(root, 'failing'), 0o755)
  assert.equal((await readGpus(join(root, 'smi')))[0]?.name, 'NVIDIA L4')
  assert.deepEqual(await readGpus(join(root, 'failing')), [])
  assert.deepEqual(await readGpus(join(root, 'absent')), [])
})
