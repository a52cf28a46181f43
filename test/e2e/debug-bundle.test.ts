/** A bug report from a real mesh: whole, useful, and without the secrets that are all over it. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BundleIndex } from '../../src/doors/cli/work/debug-archive.ts'
import { canary, findsIn } from '../support/canary.ts'
import { simulated } from '../support/help-examples.ts'
import { eventually, Mesh } from '../support/mesh.ts'

let mesh: Mesh
const [inEnvironment, inCommand] = [canary(), canary()]

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['gpu-node-1', 'gpu-node-2'], ...simulated })
  // Just joined, they have not found each other yet.
  await eventually(
    'one reaches the other',
    30_000,
    () => mesh.get(0).cli('node', 'invoke', 'gpu-node-2', 'node.health'),
    ({ code }) => code === 0,
  )
})
afterAll(async () => {
  await mesh.stop()
})

test('given work with secrets and a node that is unknown, then all but that is in the bundle, and no secret', async () => {
  const daemon = mesh.get(0)
  const secrets = ['-e', `MODE=${inEnvironment.value}`, 'busybox', '--', 'serve', '--api-key', inCommand.value]
  const ran = await daemon.cli('run', '-d', '--name', 'holder', '-e', 'CLAW_SIM_SECONDS=600', ...secrets)
  expect(ran.code, ran.stderr).toBe(0)

  const file = join(mesh.directory, 'report.tar.gz')
  const nodes = ['--node', 'gpu-node-2', '--node', 'gpu-node-9']
  const { code, stdout, stderr } = await daemon.cli('debug', 'bundle', '--file', file, ...nodes, '--json')
  expect([code, stderr]).toEqual([0, ''])
  const index = JSON.parse(stdout) as BundleIndex
  expect([...new Set(index.missing.map((one) => `${one.file.split('/')[1]} ${one.code}`))]).toEqual([
    '2-gpu-node-9 NODE_NOT_FOUND',
  ])
  expect(index.files.map((one) => one.file)).toEqual(
    expect.arrayContaining(['doctor.json', 'workloads.json', 'metrics.txt', 'nodes/1-gpu-node-2/metrics.txt']),
  )
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const content = gunzipSync(readFileSync(file))
  expect(content.toString('utf8')).toMatch(/"name": "holder"[\s\S]*"MODE": "\(secret\)"[\s\S]*\nclaw_/)
  const token = readFileSync(join(daemon.dataDir, 'api-token'), 'utf8').trim()
  expect(content.includes(token)).toBe(false)
  expect(findsIn('bundle', content, [inEnvironment, inCommand])).toEqual([])
})
