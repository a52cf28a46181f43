/** The units that we write, in the eyes of systemd itself. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tailscaleDropIn, wireguardDropIn } from '../../src/core/install/drop-ins.ts'
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

test.skipIf(!existsSync(systemd)).each([
  ['WireGuard', wireguardDropIn, 'CAP_NET_ADMIN'],
  ['a key in a file', tailscaleDropIn({ kind: 'file', path: '/etc/tailscale/auth key%1' }, 'root'), 'tailscale-key'],
  ['a key in a variable', tailscaleDropIn({ kind: 'environment', name: 'TS_AUTHKEY' }, 'root'), 'tailscale.env'],
])('nor has it of the drop-in for %s', (_, { file, text }, word) => {
  const folder = mkdtempSync(join(tmpdir(), 'claw-unit-'))
  try {
    const unit = join(folder, 'clawnode.service')
    const wish = { start: ['/bin/true', 'start'], engineGroup: null, isAtHome: false, dataDir: null, isUser: false }
    writeFileSync(unit, unitFor(template, wish))
    mkdirSync(`${unit}.d`)
    // It looks whether programs are there, so one that is stands for others.
    writeFileSync(join(`${unit}.d`, file), text.replace(/\+\/\S+/g, '+/bin/true'))
    expect(text).toContain(word)
    const { stdout, stderr, status } = spawnSync(systemd, ['verify', '--man=no', unit], { encoding: 'utf8' })
    expect([stdout, stderr, status]).toEqual(['', '', 0])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
