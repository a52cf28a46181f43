/** The units that we write, in the eyes of systemd itself. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type KeySource, tailscaleDropIn, wireguardDropIn } from '../../src/core/install/drop-ins.ts'
import { unitFor } from '../../src/core/install/unit.ts'

const template = readFileSync(new URL('../../config/clawnode.service', import.meta.url), 'utf8')
const forTailscale = (key: KeySource, socket: string | null) => tailscaleDropIn({ key, socket, operator: 'root' })
const systemd = '/usr/bin/systemd-analyze'

describe.skipIf(!existsSync(systemd))('given systemd-analyze, when it verifies', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'claw-unit-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  /** It looks whether the program is there, so one that is stands for ours. */
  function written({ isUser }: { readonly isUser: boolean }): string {
    const file = join(folder, 'clawnode.service')
    const wish = { start: ['/bin/true', 'start'], engineGroup: null, isAtHome: false, dataDir: null, isUser }
    writeFileSync(file, unitFor(template, wish))
    return file
  }

  /** What it has to say, most of it on standard error; it ends with 0 also where it has only warned. */
  function verified(file: string, ...options: readonly string[]): string {
    const env = { ...process.env, XDG_RUNTIME_DIR: folder }
    const { stdout, stderr, status } = spawnSync(systemd, ['verify', ...options, '--man=no', file], {
      encoding: 'utf8',
      env,
    })
    return `${stdout}${stderr}${status === 0 ? '' : `it ended with ${status}`}`
  }

  test('the unit of the host, then it has nothing to say', () => {
    expect(verified(written({ isUser: false }))).toBe('')
  })

  test('the unit of a user, then it has nothing to say', () => {
    expect(verified(written({ isUser: true }), '--user')).toBe('')
  })

  test('a unit with a word that it does not know, then it says so', () => {
    const file = written({ isUser: false })
    writeFileSync(file, readFileSync(file, 'utf8').replace('[Service]', '[Service]\nRestartSeconds=2'))
    expect(verified(file)).toMatch(/Unknown key(?: name)? 'RestartSeconds'/)
  })

  test.each([
    ['WireGuard', wireguardDropIn, 'CAP_NET_ADMIN'],
    ['a key in a file', forTailscale({ kind: 'file', path: '/etc/tailscale/auth key%1' }, null), 'tailscale-key'],
    ['a key in a variable', forTailscale({ kind: 'environment', name: 'TS_AUTHKEY' }, null), 'tailscale.env'],
    ['a socket', forTailscale({ kind: 'environment', name: 'TS_AUTHKEY' }, '/run/a $b/c%d.sock'), '--socket='],
  ])('the drop-in for %s, then it has nothing to say', (_, { file, text }, word) => {
    const unit = written({ isUser: false })
    mkdirSync(`${unit}.d`)
    // It looks whether programs are there, so one that is stands for others.
    writeFileSync(join(`${unit}.d`, file), text.replace(/\+\/\S+/g, '+/bin/true'))
    expect(text).toContain(word)
    expect(verified(unit)).toBe('')
  })
})
