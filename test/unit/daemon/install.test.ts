import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { install } from '../../../src/daemon/install/install.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

afterEach(() => {
  vi.unstubAllEnvs()
})

test('given an XDG_CONFIG_HOME that is empty, the unit of a user goes below the home directory', async () => {
  vi.stubEnv('XDG_CONFIG_HOME', '')
  const { text } = await install({ systemd: true, user: true, 'dry-run': true }, root)
  expect(text).toContain(join(homedir(), '.config', 'systemd', 'user', 'clawnode.service'))
})

describe('given a file of settings', () => {
  const dry = async (settings: string, more: object = {}): Promise<string> => {
    const folder = mkdtempSync(join(tmpdir(), 'claw-install-'))
    const config = join(folder, 'clawnode.toml')
    writeFileSync(config, settings)
    try {
      return (await install({ systemd: true, 'dry-run': true, config, ...more }, root)).text
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const tailnet = '[network]\nprovider = "tailscale"\n'

  test('when they want a tailnet, then the command is named that prints what it needs besides', async () => {
    expect(await dry(tailnet)).toContain('`clawbernetes network tailscale config`')
  })

  test('when they do not, or it is for a package or a user, then nothing is said of it', async () => {
    const said = [await dry(''), await dry(tailnet, { destdir: '/nowhere' }), await dry(tailnet, { user: true })]
    expect(said.filter((text) => text.includes('tailscale'))).toEqual([])
    expect(said.map((text) => text.split('\n')[0])).toEqual(['Would:', 'Would:', 'Would:'])
  })

  test('when they cannot be, then no daemon is installed that would not start with them', async () => {
    await expect(dry('[netwrok]\n')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
