import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configFromCommandLine } from '../../../src/daemon/settings.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-settings-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

test('flags set what they name, over the file that --config names', async () => {
  const file = join(folder, 'clawnode.toml')
  writeFileSync(file, '[node]\nname = "from-file"\n[node.labels]\nzone = "a"\n[api]\nlisten = "127.0.0.1:1"\n')
  const config = await configFromCommandLine({ config: file, name: 'flag', label: ['rack=r1'], 'no-mdns': true }, {})
  expect(config.node).toEqual({ name: 'flag', labels: { zone: 'a', rack: 'r1' } })
  expect(config.api.listen).toBe('127.0.0.1:1')
  expect(config.mesh.mdns).toBe(false)
})

test('the data directory is absolute, and ~ is the home directory', async () => {
  expect((await configFromCommandLine({}, {})).dataDir).toBe(join(homedir(), '.clawbernetes'))
  expect((await configFromCommandLine({ 'data-dir': 'here' }, {})).dataDir).toBe(join(process.cwd(), 'here'))
})

test('a file that was named but is not there is an error, not a default', async () => {
  await expect(configFromCommandLine({ config: join(folder, 'none.toml') }, {})).rejects.toThrow(
    'none.toml is not valid',
  )
  await expect(configFromCommandLine({}, { CLAWNODE_CONFIG: join(folder, 'none.toml') })).rejects.toThrow('none.toml')
})

test('a label without a value is refused', async () => {
  await expect(configFromCommandLine({ label: ['zone'] }, {})).rejects.toThrow('--label takes K=V')
})
