import { expect, test } from 'vitest'
import { intelProbe } from '../../../../src/adapters/intel/probe.ts'
import { fails, fixture, hangs, never, prints, scriptedTools } from '../scripted-tools.ts'

function xpuSmi(line: string) {
  const device = /-d (\d)/.exec(line)?.[1]
  if (line.startsWith('xpu-smi discovery'))
    return prints(fixture(`intel/discovery${device === undefined ? '' : `-device${device}`}-1.2.json`))
  return device === '0' ? prints(fixture('intel/stats-device0-1.2.json')) : fails(1, 'device not found')
}

test('devices are told with memory and driver, and named by their serial number where they have one', async () => {
  const { run } = scriptedTools(xpuSmi)
  const { gpus, problem } = await intelProbe(run).inventory(never)
  expect(problem).toBeNull()
  expect(gpus).toMatchObject([
    {
      index: 0,
      uuid: 'XPU-LQAC20305316',
      vendor: 'intel',
      model: 'Intel(R) Data Center GPU Max 1550',
      memoryMib: 131_072,
      pciBusId: '0000:4d:00.0',
      driver: '23.22.26516.18',
    },
    { index: 1, uuid: 'XPU-00000000-0000-009a-0000-000856c08086', memoryMib: 14_541 },
  ])
})

test('a sample tells what is known; of a device that does not answer nothing is', async () => {
  const { run } = scriptedTools(xpuSmi)
  const probe = intelProbe(run)
  await probe.inventory(never)
  const { samples, problem } = await probe.sample(never)
  expect(samples).toMatchObject([
    { utilization: 91, memoryUsedMib: 65_211.4, temperatureC: 58, powerW: 421.5, smClockMhz: 1_600, health: 'ok' },
    { utilization: null, health: 'warning' },
  ])
  expect(problem).toContain('device not found')
})

test('no tool, a hung tool and nonsense are no GPU', async () => {
  for (const [result, problem] of [
    [undefined, 'xpu-smi is not installed'],
    [hangs, 'xpu-smi did not answer within 20000 ms'],
    [prints('{"device_list": "none"}'), null],
    [prints('!'), null],
  ] as const) {
    const { run } = scriptedTools(() => result)
    expect(await intelProbe(run).inventory(never)).toEqual({ gpus: [], links: [], problem })
  }
})
