/**
 * Which files of this machine people may name in the console: those below one folder. Elsewhere an answer would tell what
 * lies on the machine, and weights taken from there would give out what its owner never meant to share. The command line is
 * not held to it: whoever may use that may read the files anyway.
 *
 * Everything else gets one and the same refusal, whether it is there or not. A link counts as what it leads to.
 */
import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, sep } from 'node:path'
import { FileNotOffered } from './errors.ts'

/**
 * @returns where the file really is
 * @throws FileNotOffered
 */
export async function fileBelow(folder: string, path: string): Promise<string> {
  try {
    if (isAbsolute(path)) {
      const [root, file] = await Promise.all([realpath(folder), realpath(path)])
      if (file.startsWith(root.endsWith(sep) ? root : root + sep) && (await stat(file)).isFile()) return file
    }
  } catch {
    // Not there, not to be read, no path at all: which of these is not told.
  }
  throw new FileNotOffered({ folder })
}
