/** What the lab unpacks, with a package manager of the test's own: all of it, or nothing that counts. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'

const cache = mkdtempSync(join(tmpdir(), 'claw-packages-'))
afterEach(() => rmSync(cache, { recursive: true, force: true }))

/** Packages whose names begin with `z` cannot be unpacked whole. */
const managers = `
apt() { [ "$1" = update ] || for name in "\${@:4}"; do touch "$name.deb"; done; }
dpkg() { mkdir -p "$3" && cp "$2" "$3/" && [[ $(basename "$2") != z* ]]; }`

/** With the functions of the scripts. */
async function bash(script: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const lab = '. scripts/lab/common.sh; . scripts/lab/packages.sh'
  await promisify(execFile)('bash', ['--norc', '-c', [lab, managers, 'mkdir -p "$CACHE"', script].join('\n')], {
    env: { PATH: process.env['PATH'], CLAW_LAB_DIR: join(cache, 'lab'), ...env },
  })
}

test('given an unpacking that is cut off, then what was there before stays, and half of the new never counts', async () => {
  const shared = { CLAW_LAB_CACHE: cache }
  const place = join(cache, 'tool')
  await expect(bash('unpack "$CACHE/tool" program zlib', shared)).rejects.toThrow('fetching program zlib')
  expect(existsSync(place)).toBe(false)
  await bash('unpack "$CACHE/tool" program library', shared)
  await expect(bash('unpack "$CACHE/tool" other zlib', shared)).rejects.toThrow('fetching other zlib')
  expect(readdirSync(place)).toEqual(['library.deb', 'program.deb'])
})

test('given a cache that several labs share, then nothing of it goes with one of them, and all of its own does', async () => {
  const shared = join(cache, 'shared')
  const script = 'unpack "$CACHE/tool" program; forget_unpacked "$CACHE/tool"'
  await bash(script, { CLAW_LAB_CACHE: shared })
  await bash(script)
  expect([existsSync(join(shared, 'tool')), existsSync(join(cache, 'lab/cache/tool'))]).toEqual([true, false])
})
