import { describe, expect, test } from 'vitest'
import { nvidiaProbe } from '../../../../src/adapters/nvidia/probe.ts'
import type { ToolResult } from '../../../../src/ports/tool.ts'
import { fails, fixture, hangs, never, prints, scriptedTools } from '../scripted-tools.ts'

const first = 'GPU-6f3c1a52-0b8e-4c3d-9d57-0e0f3a1b7c01'
const second = 'GPU-a2b90d4e-77c1-4f0a-8b5d-5c2d9e6f1a02'

const rows = [
  `0, ${first}, 97, 40211, 64, 612.33, 700.00, 1980, 0, 0x0000000000000004`,
  `1, ${second}, 0, 4, 31, [N/A], 700.00, 345, [N/A], 0x0000000000000001`,
]

/** Two H100 that answer everything. */
function twoH100(line: string): ToolResult | undefined {
  if (line.endsWith('-q -x')) return prints(fixture('nvidia/h100x2-550.xml'))
  if (line.includes('compute_cap')) return prints(`${first}, 9.0\n${second}, [N/A]\n`)
  if (line.includes('topo -m'))
    return prints('\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\nGPU0\t X \tNV18\t0-3\t0\nGPU1\tNV18\t X \t0-3\t0\n')
  return line.includes('--query-gpu') ? prints(`${rows.join('\n')}\n`) : undefined
}

describe('inventory', () => {
  test('tells model, memory, place, driver, capability and links', async () => {
    const { run } = scriptedTools(twoH100)
    const { gpus, links, problem } = await nvidiaProbe(run).inventory(never)
    expect(problem).toBeNull()
    expect(links).toEqual([{ devices: [0, 1], kind: 'nvlink', width: 18 }])
    expect(gpus.map(({ uuid }) => uuid)).toEqual([first, second])
    expect(gpus[0]).toEqual({
      index: 0,
      uuid: first,
      vendor: 'nvidia',
      model: 'NVIDIA H100 80GB HBM3',
      memoryMib: 81_559,
      pciBusId: '00000000:19:00.0',
      driver: '550.54.15',
      computeCapability: '9.0',
      mig: null,
      numaNode: 0,
      simulated: false,
    })
    expect(gpus[1]?.computeCapability).toBeNull()
  })

  test('puts the instances in the place of a GPU in MIG mode', async () => {
    const { run } = scriptedTools((line) => {
      if (line.endsWith('-q -x')) return prints(fixture('nvidia/a100-mig-525.xml'))
      return line.endsWith(' -L') ? prints(fixture('nvidia/a100-mig-list.txt')) : fails(1, 'no')
    })
    const { gpus, problem } = await nvidiaProbe(run).inventory(never)
    const parent = 'GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77'
    expect(problem).toBeNull()
    expect(gpus.map(({ index, uuid, memoryMib, mig }) => ({ index, uuid, memoryMib, mig }))).toEqual([
      {
        index: 100,
        uuid: 'MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f',
        memoryMib: 40_192,
        mig: { profile: '3g.40gb', parent },
      },
      {
        index: 101,
        uuid: 'MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb',
        memoryMib: 9_728,
        mig: { profile: '1g.10gb', parent },
      },
      { index: 102, uuid: `MIG-${parent}/11/0`, memoryMib: 10_240, mig: { profile: '1g.10gb+me', parent } },
      { index: 1, uuid: 'GPU-0c1f8a77-1d5c-4be1-a8a0-3b1f6c0d9e88', memoryMib: 81_920, mig: null },
    ])
  })

  test('a GPU that shares the memory of its host has none of its own', async () => {
    const { run } = scriptedTools((line) =>
      line.endsWith('-q -x') ? prints(fixture('nvidia/gb10-580.xml')) : undefined,
    )
    const { gpus } = await nvidiaProbe(run).inventory(never)
    expect(gpus).toMatchObject([{ model: 'NVIDIA GB10', memoryMib: 0 }])
  })

  test('a tool that knows only queries is asked by query', async () => {
    const { run } = scriptedTools((line) => {
      if (line.includes('--query-gpu'))
        return prints(`0, ${first}, NVIDIA A100-SXM4-80GB, 81920, 00000000:01:00.0, 550.54.15, 8.0\n`)
      return fails(2, "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n")
    })
    const { gpus } = await nvidiaProbe(run).inventory(never)
    expect(gpus).toMatchObject([{ model: 'NVIDIA A100-SXM4-80GB', memoryMib: 81_920, computeCapability: '8.0' }])
  })

  test('a cut-off report gives the GPUs before the cut, and says so', async () => {
    const whole = fixture('nvidia/h100x2-550.xml')
    const cut = whole.slice(0, whole.lastIndexOf('<uuid>'))
    const { run } = scriptedTools((line) => (line.endsWith('-q -x') ? prints(cut) : undefined))
    const { gpus, problem } = await nvidiaProbe(run).inventory(never)
    expect(gpus.map(({ uuid }) => uuid)).toEqual([first])
    expect(problem).toBe('nvidia-smi printed an incomplete report')
  })

  test.each([
    ['is not installed', undefined, 'nvidia-smi is not installed'],
    ['hangs', hangs, 'nvidia-smi did not answer within 20000 ms'],
    ['has no driver', fails(9, 'NVIDIA-SMI has failed\n'), 'nvidia-smi failed with code 9: NVIDIA-SMI has failed'],
    ['prints nonsense', prints('hello'), 'nvidia-smi printed no report'],
    ['is refused', fails(4, '[Insufficient Permissions]'), 'nvidia-smi failed with code 4: [Insufficient Permissions]'],
  ])('a tool that %s is a problem and no GPU', async (_, result, problem) => {
    const { run } = scriptedTools(() => result)
    expect(await nvidiaProbe(run).inventory(never)).toEqual({ gpus: [], links: [], problem })
  })

  test('a host whose driver finds no device has no GPU and no problem', async () => {
    const { run } = scriptedTools(() => fails(6, 'No devices were found\n'))
    expect(await nvidiaProbe(run).inventory(never)).toEqual({ gpus: [], links: [], problem: null })
  })

  test('while the tool hangs, the devices are still there', async () => {
    let driver: 'well' | 'hung' = 'well'
    const { run } = scriptedTools((line) => (driver === 'well' ? twoH100(line) : hangs))
    const probe = nvidiaProbe(run)
    await probe.inventory(never)
    driver = 'hung'
    const { gpus, links, problem } = await probe.inventory(never)
    expect([gpus.length, links.length, problem]).toEqual([2, 1, 'nvidia-smi did not answer within 20000 ms'])
  })
})

describe('sample', () => {
  test('starts the tool once, and gives the processes of the last inventory', async () => {
    const { run, ran } = scriptedTools(twoH100)
    const probe = nvidiaProbe(run)
    await probe.inventory(never)
    ran.length = 0
    const { samples, problem } = await probe.sample(never)
    expect([ran.length, problem]).toEqual([1, null])
    expect(samples).toEqual([
      {
        uuid: first,
        utilization: 97,
        memoryUsedMib: 40_211,
        temperatureC: 64,
        powerW: 612.33,
        powerLimitW: 700,
        smClockMhz: 1_980,
        eccUncorrected: 0,
        throttle: ['sw-power-cap'],
        health: 'ok',
        processes: [
          { pid: 41_187, memoryMib: 40_192 },
          { pid: 41_190, memoryMib: null },
        ],
      },
      expect.objectContaining({ uuid: second, powerW: null, eccUncorrected: null, throttle: [], health: 'ok' }),
    ])
  })

  test.each([
    ['too hot', '0, U, 97, 1, 91, 300, 700, 900, 0, 0x0000000000000068', 'warning'],
    ['with uncorrected memory errors', '0, U, 0, 1, 40, 90, 700, 345, 2, 0x0', 'warning'],
    ['in need of a reset', '0, U, [GPU requires reset], [GPU requires reset], 40, 90, 700, 345, 0, 0x0', 'failed'],
    ['in error', '0, U, ERR!, 1, ERR!, ERR!, 700, 345, 0, 0x0', 'failed'],
    ['silent', '0, U, [Unknown Error], [N/A], N/A, [Not Supported], [Insufficient Permissions], , , ', 'ok'],
  ])('a GPU %s shows it', async (_, row, health) => {
    const { run } = scriptedTools(() => prints(row.replace('U', first)))
    const { samples } = await nvidiaProbe(run).sample(never)
    expect(samples).toMatchObject([{ uuid: first, health }])
  })

  test('being too hot has one name, whoever slows the GPU down', async () => {
    const { run } = scriptedTools(() => prints(`0, ${first}, 97, 1, 91, 300, 700, 900, 0, 0x0000000000000068`))
    const { samples } = await nvidiaProbe(run).sample(never)
    expect(samples[0]?.throttle).toEqual(['hw-slowdown', 'thermal', 'sw-thermal-slowdown', 'hw-thermal-slowdown'])
  })

  test('fields that a driver names otherwise or lacks are found out once', async () => {
    const known = [
      'index',
      'uuid',
      'memory.used',
      'utilization.gpu',
      'temperature.gpu',
      'clocks_throttle_reasons.active',
    ]
    const { run, ran } = scriptedTools((line) => {
      const asked = /--query-gpu=(\S+)/.exec(line)?.[1]?.split(',') ?? []
      const unknown = asked.find((name) => !known.includes(name))
      if (unknown !== undefined) return fails(2, `Field "${unknown}" is not a valid field to query.\n\n`)
      const values: Record<string, string> = { index: '0', uuid: first, 'clocks_throttle_reasons.active': '0x40' }
      return prints(asked.map((name) => values[name] ?? '7').join(', '))
    })
    const probe = nvidiaProbe(run)
    const { samples, problem } = await probe.sample(never)
    expect(problem).toBeNull()
    expect(samples).toMatchObject([{ utilization: 7, powerW: null, smClockMhz: null, health: 'warning' }])
    ran.length = 0
    await probe.sample(never)
    expect(ran).toHaveLength(1)
  })

  test('when one GPU is lost the others are still told', async () => {
    const lost = `Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU\n`
    let isLost = false
    const { run } = scriptedTools((line) => {
      if (!isLost || !line.includes('--query-gpu')) return twoH100(line)
      if (line.includes(`--id=${first}`)) return prints(`${rows[0]}\n`)
      return fails(15, lost)
    })
    const probe = nvidiaProbe(run)
    await probe.inventory(never)
    isLost = true
    const { samples, problem } = await probe.sample(never)
    expect(samples).toMatchObject([
      { uuid: first, utilization: 97, health: 'ok' },
      { uuid: second, utilization: null, health: 'failed' },
    ])
    expect(problem).toContain('GPU is lost')
  })

  test('while the tool hangs, its devices are in doubt but not given up', async () => {
    let driver: 'well' | 'hung' = 'well'
    const { run } = scriptedTools((line) => (driver === 'well' ? twoH100(line) : hangs))
    const probe = nvidiaProbe(run)
    await probe.inventory(never)
    driver = 'hung'
    const { samples, problem } = await probe.sample(never)
    expect(samples.map(({ health, utilization }) => [health, utilization])).toEqual([
      ['warning', null],
      ['warning', null],
    ])
    expect(problem).toContain('did not answer')
  })

  test('instances share what their GPU shows, and are not said to use what they may not', async () => {
    const { run } = scriptedTools((line) => {
      if (line.endsWith('-q -x')) return prints(fixture('nvidia/a100-mig-525.xml'))
      if (line.endsWith(' -L')) return prints(fixture('nvidia/a100-mig-list.txt'))
      const uuid = 'GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77'
      return prints(`0, ${uuid}, [N/A], 50, 44, 120, 400, 1410, 0, 0x0`)
    })
    const probe = nvidiaProbe(run)
    await probe.inventory(never)
    const { samples } = await probe.sample(never)
    expect(samples).toMatchObject([
      { uuid: 'MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f', temperatureC: 44, powerW: null, health: 'ok' },
      { uuid: 'MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb', memoryUsedMib: null },
      {},
      { uuid: 'GPU-0c1f8a77-1d5c-4be1-a8a0-3b1f6c0d9e88', health: 'failed' },
    ])
  })
})
