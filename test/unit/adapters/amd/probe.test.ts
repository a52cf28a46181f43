import { describe, expect, test } from 'vitest'
import { amdProbe } from '../../../../src/adapters/amd/probe.ts'
import { fails, fixture, hangs, never, prints, scriptedTools } from '../scripted-tools.ts'

const first = 'GPU-7c9e7ddb5c1c1a2b'
const second = 'GPU-41f0b03a2d6c9e11'

const amdSmi = (version: string) => (line: string) => {
  const [tool, what] = line.split(' ')
  if (tool !== 'amd-smi') return undefined
  if (what === 'static') return prints(fixture(`amd/amd-smi-static-${version}.json`))
  return what === undefined
    ? undefined
    : prints(fixture(`amd/amd-smi-${what}-6.3.${what === 'metric' ? 'txt' : 'json'}`))
}

describe('amd-smi', () => {
  test.each(['6.3', '7.0'])(
    'of release %s names devices as AMD’s libraries do, and their direct links',
    async (version) => {
      const { run } = scriptedTools(amdSmi(version))
      const { gpus, links, problem } = await amdProbe(run).inventory(never)
      expect(problem).toBeNull()
      expect(gpus).toEqual([
        {
          index: 0,
          uuid: first,
          vendor: 'amd',
          model: 'AMD Instinct MI300X',
          memoryMib: 196_592,
          pciBusId: '0000:05:00.0',
          driver: '6.10.5',
          computeCapability: null,
          mig: null,
          numaNode: 0,
          simulated: false,
        },
        expect.objectContaining({ index: 1, uuid: second, numaNode: 1 }),
      ])
      expect(links).toEqual([{ devices: [0, 1], kind: 'nvlink', width: 1 }])
    },
  )

  test('samples are read past a warning, one call each', async () => {
    const { run, ran } = scriptedTools(amdSmi('6.3'))
    const probe = amdProbe(run)
    await probe.inventory(never)
    ran.length = 0
    const { samples, problem } = await probe.sample(never)
    expect([ran, problem]).toEqual([['amd-smi metric --json'], null])
    expect(samples).toMatchObject([
      {
        uuid: first,
        utilization: 98,
        memoryUsedMib: 150_212,
        temperatureC: 71,
        powerW: 612,
        smClockMhz: 2_100,
        eccUncorrected: 0,
        health: 'ok',
      },
      { uuid: second, utilization: 0, eccUncorrected: 1, health: 'warning' },
    ])
  })

  test('an older release’s names and units are read, and a GPU that it leaves out is lost', async () => {
    const { run } = scriptedTools((line) =>
      line.includes('metric') ? prints(fixture('amd/amd-smi-metric-5.7.json')) : amdSmi('6.3')(line),
    )
    const probe = amdProbe(run)
    await probe.inventory(never)
    const { samples } = await probe.sample(never)
    expect(samples).toMatchObject([
      { utilization: 3, powerW: 42, temperatureC: 35, memoryUsedMib: 1_024, eccUncorrected: null, health: 'ok' },
      { uuid: second, health: 'failed' },
    ])
  })
})

describe('rocm-smi', () => {
  test('is asked where amd-smi is not installed', async () => {
    const { run } = scriptedTools((line) => {
      if (!line.startsWith('rocm-smi')) return undefined
      return prints(fixture(`amd/rocm-smi-${line.includes('--showbus') ? 'inventory' : 'sample'}-5.2.json`))
    })
    const probe = amdProbe(run)
    const { gpus, problem } = await probe.inventory(never)
    expect(problem).toBeNull()
    expect(gpus).toMatchObject([
      { uuid: first, model: 'AMD Instinct MI210', memoryMib: 65_520, pciBusId: '0000:C1:00.0', driver: '5.18.2.22.40' },
    ])
    const { samples } = await probe.sample(never)
    expect(samples).toMatchObject([
      { utilization: 17, temperatureC: 41, powerW: 42, powerLimitW: 300, smClockMhz: 1_700, memoryUsedMib: 11 },
    ])
  })

  test('of another release has its names in other places', async () => {
    const { run } = scriptedTools((line) =>
      line.startsWith('rocm-smi') ? prints(fixture('amd/rocm-smi-inventory-6.1.json')) : fails(1, 'no amdgpu driver'),
    )
    const { gpus } = await amdProbe(run).inventory(never)
    expect(gpus.map(({ uuid, model }) => `${uuid} ${model}`)).toEqual([
      `${first} AMD Instinct MI300X OAM`,
      'AMD-0000:26:00.0 AMD Instinct MI300X OAM',
    ])
  })
})

test('neither tool installed is no hardware; a hung tool is a problem, and keeps what is known', async () => {
  const { run: none } = scriptedTools(() => undefined)
  expect(await amdProbe(none).inventory(never)).toEqual({ gpus: [], links: [], problem: 'amd-smi is not installed' })

  let driver: 'well' | 'hung' = 'well'
  const { run } = scriptedTools((line) => (driver === 'well' ? amdSmi('6.3')(line) : hangs))
  const probe = amdProbe(run)
  await probe.inventory(never)
  driver = 'hung'
  const { gpus, problem } = await probe.inventory(never)
  expect([gpus.length, problem]).toEqual([2, 'amd-smi did not answer within 20000 ms'])
  expect((await probe.sample(never)).samples.map(({ health }) => health)).toEqual(['warning', 'warning'])
})
