import { expect, test } from 'vitest'
import { configFromEnvironment, layer, parseConfigFile, settings } from '../../../src/config/load.ts'
import { type ClawError, isClawError } from '../../../src/model/failure.ts'

const refusal = (run: () => unknown): ClawError => {
  try {
    run()
  } catch (error) {
    if (isClawError(error)) return error
    throw error
  }
  throw new Error('was not refused')
}

test('given nothing, every setting has its default', () => {
  const config = layer('test')
  expect(config.api.listen).toBe('127.0.0.1:8080')
  expect(config.mesh.listen).toEqual(['/ip4/0.0.0.0/tcp/4710'])
  expect(config.executor.kind).toBe('auto')
})

test('the command line beats the environment, which beats the file', () => {
  const file = parseConfigFile('a.toml', '[api]\nlisten = "127.0.0.1:1"\n[node]\nname = "file"\n[mesh]\nname = "file"')
  const environment = configFromEnvironment({ CLAWNODE_NODE_NAME: 'env', CLAWNODE_MESH_NAME: 'env' })
  const config = layer('test', file, environment, { mesh: { name: 'flag' } })
  expect([config.api.listen, config.node.name, config.mesh.name]).toEqual(['127.0.0.1:1', 'env', 'flag'])
})

test('snake_case and camelCase keys mean the same, and labels keep their spelling', () => {
  const config = layer('test', parseConfigFile('a.toml', 'data_dir = "/x"\n[node.labels]\ngpu_rack = "r1"'))
  expect(config.dataDir).toBe('/x')
  expect(config.node.labels).toEqual({ gpu_rack: 'r1' })
})

test('the environment sets lists, switches and labels', () => {
  const environment = configFromEnvironment({
    CLAWNODE_MESH_LISTEN: '/ip4/1.2.3.4/tcp/1,/ip4/1.2.3.4/tcp/2',
    CLAWNODE_MESH_MDNS: 'false',
    CLAWNODE_NODE_LABELS: 'zone=a,rack=r=1',
    CLAWNODE_NAME: 'short',
  })
  const config = layer('test', environment)
  expect(config.mesh.listen).toHaveLength(2)
  expect(config.mesh.mdns).toBe(false)
  expect(config.node).toEqual({ name: 'short', labels: { zone: 'a', rack: 'r=1' } })
})

test('an unknown key is refused with the nearest one', () => {
  const error = refusal(() => layer('a.toml', { mesh: { lisen: [] } }))
  expect(error.code).toBe('CONFIG_INVALID')
  expect(error.message).toContain('there is no setting mesh.lisen, did you mean mesh.listen?')
})

test('a wrong value is refused with the name of its setting', () => {
  expect(refusal(() => layer('a.toml', { executor: { kind: 'dokcer' } })).message).toContain('executor.kind')
  expect(refusal(() => layer('env', configFromEnvironment({ CLAWNODE_MESH_MDNS: 'maybe' }))).message).toContain(
    'mesh.mdns',
  )
})

test.each(['socket', 'authKeyFile'])('%s of a tailnet is a path in one line, as root’s systemd reads it', (name) => {
  const refused = refusal(() =>
    layer('a.toml', { network: { tailscale: { [name]: '/run/x\nExecStartPre=+/bin/id' } } }),
  )
  expect(refused.message).toContain('must be an absolute path, in one line')
})

test('a file that is not TOML is refused with line and column', () => {
  expect(refusal(() => parseConfigFile('a.toml', 'x = 1\ny = = 2')).message).toMatch(/a\.toml.*line 2, column 5/)
})

test('every setting has a line for the reference', () => {
  for (const { path, about } of settings()) expect(about, path.join('.')).not.toBe('')
})
