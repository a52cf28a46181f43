import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findProgram } from '../../../../src/adapters/process/find-program.ts'
import { identityOf, isAlive } from '../../../../src/adapters/process/identity.ts'
import { endedState } from '../../../../src/adapters/process/outcome.ts'
import { readExit, readRunning, readTask, writeExit, writeRecord } from '../../../../src/adapters/process/records.ts'
import { environmentOf } from '../../../../src/adapters/process/task-environment.ts'
import type { ExitRecord, TaskRecord } from '../../../../src/adapters/process/records.ts'
import type { GpuDevice } from '../../../../src/model/gpu.ts'
import { meshId, nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../../src/model/workload.ts'
import type { Task } from '../../../../src/ports/executor.ts'
import { gpuDevice } from '../../../support/gpu-device.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'claw-parts-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const gpu = (more: Partial<GpuDevice>): GpuDevice => gpuDevice({ model: 'NVIDIA H100', memoryMib: 1, ...more })

const workload = workloadId('wl-1')
const task = (devices: readonly GpuDevice[], env: Record<string, string> = {}): Task => ({
  placement: placementId(workload, 2),
  workload,
  attempt: 2,
  term: 1,
  env: {},
  mesh: meshId('mesh-1'),
  node: nodeId('node-1'),
  name: 'train',
  spec: WorkloadSpec.parse({ image: 'host', env }),
  devices,
})

const record: TaskRecord = {
  placement: placementId(workload, 2),
  workload,
  mesh: meshId('mesh-1'),
  node: nodeId('node-1'),
  devices: ['GPU-a'],
  command: ['true'],
  env: {},
  memoryMib: 64,
  cpus: null,
  timeout: 1_500,
  stopGrace: 10_000,
}

describe('the environment', () => {
  test('tells a task who it is and which devices are its own, and keeps those words for itself', () => {
    const env = environmentOf(task([gpu({}), gpu({ uuid: 'GPU-b' })], { CLAW_NODE: 'forged', LR: '1e-3' }), {
      home: '/work',
      memory: null,
    })
    expect(env).toMatchObject({
      HOME: '/work',
      LR: '1e-3',
      CLAW_NODE: 'node-1',
      CLAW_PLACEMENT: 'wl-1.2',
      NVIDIA_VISIBLE_DEVICES: 'GPU-a,GPU-b',
      CUDA_VISIBLE_DEVICES: 'GPU-a,GPU-b',
    })
    expect(env).not.toHaveProperty('CLAW_SIMULATED_GPUS')
  })

  test('a task without devices sees none', () => {
    expect(environmentOf(task([]), { home: '/work', memory: null })).toMatchObject({
      NVIDIA_VISIBLE_DEVICES: 'void',
      CUDA_VISIBLE_DEVICES: '',
      ROCR_VISIBLE_DEVICES: '',
    })
  })

  test('simulated devices are named as such', () => {
    const env = environmentOf(task([gpu({ uuid: 'SIM-ada-0', vendor: 'amd', simulated: true })]), {
      home: '/work',
      memory: null,
    })
    expect(env).toMatchObject({ CLAW_SIMULATED_GPUS: 'SIM-ada-0', ROCR_VISIBLE_DEVICES: '' })
  })
})

describe('records', () => {
  test('are read back as written, and damaged ones are none', async () => {
    await writeRecord(folder, 'task.json', record)
    expect(await readTask(folder)).toEqual(record)
    for (const damage of ['', '{', '[]', 'null', '{"placement":"x"}', JSON.stringify({ ...record, command: [1] })]) {
      writeFileSync(join(folder, 'task.json'), damage)
      expect(await readTask(folder)).toBeNull()
    }
    expect(await readRunning(folder)).toBeNull()
    expect(await readTask(join(folder, 'nowhere'))).toBeNull()
  })

  test('the first end that is written stays', async () => {
    const end: ExitRecord = { exitCode: 0, reason: 'exited', detail: '', endedAt: 1 }
    await writeExit(folder, end)
    await writeExit(folder, { ...end, exitCode: null, reason: 'lost' })
    expect(await readExit(folder)).toEqual(end)
  })
})

test.each([
  ['exited', 0, null],
  ['exited', 7, 'NONZERO_EXIT'],
  ['stopped', 143, null],
  ['timeout', 143, 'WORKLOAD_TIMEOUT'],
  ['oom', 137, 'OOM_KILLED'],
  ['failed', null, 'CONTAINER_FAILED'],
  ['lost', null, 'WORKLOAD_LOST'],
] as const)('an end by %s with code %s is %s', (reason, exitCode, code) => {
  const state = endedState({ exitCode, reason, detail: 'why', endedAt: 5 }, record)
  expect(state).toMatchObject({ state: 'ended', exitCode, endedAt: 5 })
  expect(state.state === 'ended' ? (state.error?.code ?? null) : 'running').toBe(code)
})

describe('identity', () => {
  test('a process is itself, and not another that came to have its number', async () => {
    const self = await identityOf(process.pid)
    expect(self).not.toBeNull()
    if (self === null) return
    expect(await isAlive(self)).toBe(true)
    expect(await isAlive({ ...self, born: 'earlier' })).toBe(false)
    expect(await identityOf(2 ** 22 + 1)).toBeNull()
  })
})

describe('finding a program', () => {
  test('goes by the path, in its order, and takes only what may be run', async () => {
    writeFileSync(join(folder, 'tool'), '#!/bin/sh\n', { mode: 0o644 })
    expect(await findProgram('tool', folder)).toBeNull()
    writeFileSync(join(folder, 'other'), '#!/bin/sh\n', { mode: 0o755 })
    expect(await findProgram('other', `/nowhere:${folder}`)).toBe(join(folder, 'other'))
    expect(await findProgram(join(folder, 'other'), '')).toBe(join(folder, 'other'))
    expect(await findProgram(folder, '')).toBeNull()
    expect(await findProgram('relative/tool', folder)).toBeNull()
  })
})
