/** What one peer has acknowledged, any other shows to whoever names its place in the log. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WorkloadInfo } from '../support/mesh.ts'
import { Mesh } from '../support/mesh.ts'

let mesh: Mesh

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one', 'two'] })
})

afterAll(async () => {
  await mesh.stop()
})

const http = (at: number, path: string, init: RequestInit = {}): Promise<Response> => {
  const { api, dataDir } = mesh.get(at)
  const token = readFileSync(join(dataDir, 'api-token'), 'utf8').trim()
  return fetch(`http://${api}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  })
}

test('given the index of a write, when another peer is asked for at least that, then it has the write', async () => {
  for (let i = 0; i < 5; i += 1) {
    const { id, index } = await mesh.get(0).json<{ id: string; index: number }>('run', '-d', 'host', '--', 'true')
    const found = await mesh.get(1).json<WorkloadInfo>('workload', 'info', id, '--index', String(index))
    expect(found.id).toBe(id)
  }
})

test('given the header of a write over HTTP, when another peer is asked with it, then it has the write', async () => {
  for (let i = 0; i < 20; i += 1) {
    const written = await http(0, '/api/workloads', {
      method: 'POST',
      body: JSON.stringify({ image: 'host', command: ['true'], name: `w${i}` }),
    })
    expect(written.status).toBe(200)
    const index = written.headers.get('claw-index') ?? ''
    const read = await http(1, `/api/workloads/w${i}?consistency=session&index=${index}`)
    expect(read.status).toBe(200)
    expect(Number(read.headers.get('claw-index'))).toBeGreaterThanOrEqual(Number(index))
  }
})

test('given a mesh that has lost its leader, when a read must be linearizable, then it fails, and a stale one answers at once', async () => {
  await mesh.get(0).end('SIGKILL')
  const two = mesh.get(1)
  const old = await two.cli('--consistency', 'stale', 'workload', 'list', '--json')
  expect(old.code).toBe(0)
  expect(JSON.parse(old.stdout)).toHaveLength(25)
  const fresh = await two.cli('--consistency', 'linearizable', 'workload', 'list', '--json')
  expect(fresh.code).toBe(2)
  expect(fresh.stderr).toMatch(/NO_LEADER|DEADLINE_EXCEEDED/)
  expect((await two.cli('--consistency', 'session', 'workload', 'list')).code).toBe(5)
})
