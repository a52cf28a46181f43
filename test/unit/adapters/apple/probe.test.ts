import { expect, test } from 'vitest'
import { appleProbe } from '../../../../src/adapters/apple/probe.ts'
import { fails, fixture, never, prints, scriptedTools } from '../scripted-tools.ts'

const mac =
  (profile: string, memoryGib: number, limitMib = 0) =>
  (line: string) => {
    if (line.startsWith('system_profiler')) return prints(fixture(`apple/${profile}.json`))
    if (line.includes('hw.memsize')) return prints(`${memoryGib * 2 ** 30}\n`)
    if (line.includes('wired_limit')) return limitMib > 0 ? prints(`${limitMib}\n`) : fails(1, '')
    return line.startsWith('ioreg') ? prints(fixture('apple/ioreg-m2-max.txt')) : undefined
  }

test.each([
  ['three quarters of much memory', mac('m2-max-14', 64), 49_152],
  ['two thirds of little memory', mac('m2-max-14', 16), 10_922],
  ['what somebody has set', mac('m2-max-14', 64, 57_344), 57_344],
])('Apple’s GPU may use %s', async (_, tools, memoryMib) => {
  const { gpus, problem } = await appleProbe(scriptedTools(tools).run).inventory(never)
  expect(problem).toBeNull()
  expect(gpus).toMatchObject([
    { uuid: 'MAC-0A1B2C3D-1111-2222-3333-444455556666-0', vendor: 'apple', model: 'Apple M2 Max', memoryMib },
  ])
})

test('an older Mac’s GPUs have the memory that they say', async () => {
  const { gpus } = await appleProbe(scriptedTools(mac('intel-mac-12', 32)).run).inventory(never)
  expect(gpus.map(({ vendor, model, memoryMib }) => `${vendor} ${model} ${memoryMib}`)).toEqual([
    'intel Intel UHD Graphics 630 1536',
    'amd AMD Radeon Pro 5500M 8192',
  ])
})

test('a sample tells use and memory', async () => {
  const probe = appleProbe(scriptedTools(mac('m2-max-14', 64)).run)
  await probe.inventory(never)
  expect(await probe.sample(never)).toMatchObject({
    samples: [{ utilization: 47, memoryUsedMib: 2_048, temperatureC: null, health: 'ok' }],
    problem: null,
  })
})

test('a host that is no Mac has none, and a Mac that does not say which it is neither', async () => {
  const { run: elsewhere } = scriptedTools(() => undefined)
  const missing = { gpus: [], links: [], problem: 'system_profiler is not installed' }
  expect(await appleProbe(elsewhere).inventory(never)).toEqual(missing)
  const { run: anonymous } = scriptedTools(() => prints('{}'))
  expect((await appleProbe(anonymous).inventory(never)).problem).toContain('which machine')
})
