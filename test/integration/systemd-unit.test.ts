/** The units that we write, in the eyes of systemd itself. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unitFor } from '../../src/core/install/unit.ts'

const template = readFileSync(new URL('../../config/clawnode.service', import.meta.url), 'utf8')
const systemd = '/usr/bin/systemd-analyze'

test.skipIf(!existsSync(systemd))(
  'given systemd-analyze, when it verifies the units, then it has nothing to say',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'claw-unit-'))
    try {
      for (const isUser of [false, true]) {
        const file = join(folder, 'clawnode.service')
        // It looks whether the program is there, so one that is stands for ours.
        writeFileSync(
          file,
          unitFor(template, {
            start: ['/bin/true', 'start'],
            engineGroup: null,
            isAtHome: false,
            dataDir: null,
            isUser,
          }),
        )
        const verify = ['verify', ...(isUser ? ['--user'] : []), '--man=no', file]
        const said = execFileSync(systemd, verify, {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { ...process.env, XDG_RUNTIME_DIR: folder },
        })
        expect(said).toBe('')
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
