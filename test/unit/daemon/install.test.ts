import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
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
