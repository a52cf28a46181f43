import { describe, expect, test } from 'vitest'
import { changedSpec, replicaSpecOf } from '../../../src/operations/deployment/deployment-request.ts'

const before = replicaSpecOf({
  ...{ name: 'web', image: 'app:1', command: 'serve all', env: { A: '1', B: '2' }, priority: 'high' },
  ...{ gpus: 4, gpuType: 'H100', labels: { app: 'web' }, restart: 'always', pull: 'always', placement: 'pack' },
  ports: [8080],
  health: { readiness: { http: { path: '/ready' } }, liveness: { tcp: {} } },
  after: ['wl-db'],
  afterOk: ['wl-seed'],
})
const after = (changes: Parameters<typeof changedSpec>[0]) => changedSpec(changes, before)

describe('given changes of a deployment, when they are put over what a replica was', () => {
  test('then nothing said changes nothing, and another image only that', () => {
    expect(after({})).toEqual(before)
    expect(after({ image: 'app:2' })).toEqual({ ...before, image: 'app:2' })
  })

  test('then what is said counts also when it is what would be without a word', () => {
    expect(after({ gpus: 0 }).gpus).toEqual({ count: 0, devices: [] })
    expect(after({ priority: 'normal' })).toEqual({ ...before, priority: 500 })
    expect(after({ command: [] }).command).toEqual([])
    expect(after({ placement: 'spread' }).strategy).toBe('spread')
    expect(after({ restart: 'no' })).not.toHaveProperty('restart')
    expect(after({ pull: 'missing' })).not.toHaveProperty('pull')
    expect(after({ ports: [] })).not.toHaveProperty('ports')
  })

  test('then GPUs change field by field', () => {
    expect(after({ gpuType: 'A100' }).gpus).toEqual({ count: 4, model: 'A100' })
    expect(after({ gpus: 2 }).gpus).toEqual({ count: 2, model: 'H100' })
    expect(after({ gpus: 'device=0,1' }).gpus).toEqual({ count: 2, devices: [0, 1], model: 'H100' })
    const cut = after({ gpuMig: '1g.10gb' })
    expect(changedSpec({ gpuShare: '8Gi' }, cut).gpus).toEqual({ count: 4, model: 'H100', share: 8_192 })
    expect(changedSpec({ gpuType: 'A100' }, after({ gpus: 0 })).gpus).toEqual({ count: 1, model: 'A100' })
    expect(changedSpec({ gpuType: 'A100' }, after({ gpus: '2,3' })).gpus).toMatchObject({ count: 2, devices: [2, 3] })
  })

  test('then what is talked to goes to where containers run', () => {
    expect(after({ tty: true }).executor).toBe('docker')
    const plain = after({ executor: 'process' })
    expect(() => changedSpec({ stdin: true }, plain)).toThrow(/plain processes/)
    expect(() => changedSpec({ executor: 'process' }, after({ tty: true }))).toThrow(/plain processes/)
  })

  test('then maps change name by name', () => {
    expect(after({ env: { C: '3' } }).env).toEqual({ A: '1', B: '2', C: '3' })
    expect(after({ env: ['B=4'] }).env).toEqual({ A: '1', B: '4' })
    expect(after({ labels: { tier: 'front' } }).labels).toEqual({ app: 'web', tier: 'front' })
  })

  test('then probes change one by one, and ask the ports that there are', () => {
    const { health } = after({ health: { liveness: { http: { path: '/alive' } } } })
    expect(health?.readiness).toEqual(before.health?.readiness)
    expect(health?.liveness?.check).toEqual({ type: 'http', path: '/alive', port: 8080 })
    const often = after({ health: { checkIntervalSecs: 1, startupTimeoutSecs: 60 } }).health
    expect(often?.readiness).toEqual({ ...before.health?.readiness, everyMs: 1_000 })
    expect(often?.liveness?.everyMs).toBe(1_000)
    expect(often?.startup).toMatchObject({ check: { type: 'http', path: '/ready' }, failures: 60 })
  })

  test('then what it waits for changes condition by condition', () => {
    const seed = { workload: 'wl-seed', condition: 'afterOk' }
    expect(after({ after: ['cache'] }).dependencies).toEqual([seed, { workload: 'cache', condition: 'after' }])
    expect(after({ after: [] }).dependencies).toEqual([seed])
    expect(after({ after: [], afterOk: [] })).not.toHaveProperty('dependencies')
  })
})
