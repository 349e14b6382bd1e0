import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { prefixFolderName, sweepPrefixFolders } from './prefix-folders.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-prefixes-'))
after(() => rmSync(root, { recursive: true, force: true }))

function spilled(salt: string, share: string): string {
  const folder = join(root, 'weights', prefixFolderName(salt), prefixFolderName(share))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'k.state'), 'a prompt')
  return folder
}

test('what a live key of a willing project spilled stays, everything else goes', () => {
  const [mine, revoked, foreign] = [spilled('project', 'key'), spilled('project', 'revoked'), spilled('other', 'key')]
  assert.equal(sweepPrefixFolders(root, [{ salt: 'project', share: 'key' }]), 2)
  assert.deepEqual([mine, revoked, foreign].map(existsSync), [true, false, false])
})

test('without a willing project nothing stays, and a folder that is not there is no trouble', () => {
  spilled('project', 'key')
  sweepPrefixFolders(root, [])
  assert.equal(existsSync(join(root, 'weights', prefixFolderName('project'))), false)
  assert.equal(sweepPrefixFolders(join(root, 'nowhere'), []), 0)
})
