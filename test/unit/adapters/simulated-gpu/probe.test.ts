import { describe, expect, test } from 'vitest'
import { simulatedGpuProbe } from '../../../../src/adapters/simulated-gpu/probe.ts'
import { parseSimulatedGpus } from '../../../../src/model/simulated-gpus.ts'
import { World } from '../../../../src/simulation/world.ts'
import { never } from '../scripted-tools.ts'

const probeOf = (text: string, busy: string[] = [], clock = new World(1)) =>
  simulatedGpuProbe({ node: 'ada', groups: parseSimulatedGpus(text), clock, busy: () => new Set(busy) })

describe('inventory', () => {
  test('devices say that they are simulated, in their names too, and are the same every time', async () => {
    const { gpus, problem } = await probeOf('2xH100,1xA100').inventory(never)
    expect(problem).toBeNull()
    expect(gpus.map(({ index, uuid, model, simulated }) => ({ index, uuid, model, simulated }))).toEqual([
      { index: 0, uuid: 'SIM-ada-0', model: 'NVIDIA H100 80GB HBM3', simulated: true },
      { index: 1, uuid: 'SIM-ada-1', model: 'NVIDIA H100 80GB HBM3', simulated: true },
      { index: 2, uuid: 'SIM-ada-2', model: 'NVIDIA A100-SXM4-80GB', simulated: true },
    ])
    expect(await probeOf('2xH100,1xA100').inventory(never)).toEqual(await probeOf('2xH100,1xA100').inventory(never))
  })

  test('the devices of one product form an NVLink clique on their board', async () => {
    const { links } = await probeOf('16xH100').inventory(never)
    expect(links).toHaveLength(2 * 28)
    expect(links.every(({ kind, width }) => kind === 'nvlink' && width === 18)).toBe(true)
  })

  test('devices without NVLink, or of different products, meet over PCIe', async () => {
    const { links } = await probeOf('2xL40S,1xH100,5xL40S').inventory(never)
    expect(new Set(links.map(({ kind }) => kind))).toEqual(new Set(['node', 'sys']))
    expect(links).toHaveLength(28)
  })
})

describe('samples', () => {
  test('what is given out is at work, hot and full; the rest is idle', async () => {
    const { samples } = await probeOf('2xH100', ['SIM-ada-1']).sample(never)
    const [idle, busy] = samples
    expect(idle).toMatchObject({ utilization: 0, memoryUsedMib: 0, health: 'ok', throttle: [] })
    expect(busy?.utilization).toBeGreaterThan(80)
    expect(busy?.memoryUsedMib).toBeGreaterThan(40_000)
    expect(busy?.temperatureC).toBeGreaterThan(idle?.temperatureC ?? 0)
    expect(busy?.powerW).toBeLessThanOrEqual(700)
  })

  test('the same moment gives the same sample, a later one may not', async () => {
    const clock = new World(1)
    const probe = probeOf('8xH100', ['SIM-ada-1', 'SIM-ada-2', 'SIM-ada-3'], clock)
    const first = await probe.sample(never)
    expect(await probe.sample(never)).toEqual(first)
    await clock.runFor(60_000)
    expect(await probe.sample(never)).not.toEqual(first)
  })
})
