import { describe, expect, test } from 'vitest'
import { parseConfigFile } from '../../../src/config/load.ts'
import { builtins } from '../../../src/sim/builtin.ts'
import { scenarioOf } from '../../../src/sim/scenario.ts'
import { scenario } from './samples.ts'

describe('given scenarios that come along, when they are read', () => {
  test.each(Object.entries(builtins))('then %s can be played and bears its name', (name, text) => {
    expect(scenarioOf(name, parseConfigFile(name, text)).name).toBe(name)
  })

  test('then the large one has what it was made for', () => {
    const { peers, work, faults } = scenarioOf('hundred', parseConfigFile('hundred', builtins['hundred'] ?? ''))
    expect([peers, work.count]).toEqual([100, 1_000])
    expect(faults.map(({ kind }) => kind)).toEqual(['crash', 'partition', 'crash'])
  })
})

test('given little, when it is read, then the rest has defaults, and spans are milliseconds', () => {
  const { work, settle, faults } = scenario({ work: { over: '1m30s', duration: '5s' } })
  expect(work).toMatchObject({ arrivals: 'poisson', over: 90_000, duration: { distribution: 'fixed', mean: 5_000 } })
  expect([settle, faults]).toEqual([300_000, []])
})

describe('given what cannot be played, when it is read, then the failure names the line', () => {
  test.each([
    ['no name', { name: undefined }, /name/],
    ['no peers', { peers: 0 }, /peers/],
    ['a typo', { peerz: 3 }, /peerz/],
    ['no such GPU', { gpus: '4xH1000' }, /gpus: .*H100/],
    ['a span without a unit', { work: { over: 'soon' } }, /work\.over: "soon"/],
    ['an unknown fault', { faults: [{ kind: 'flood', at: '1s' }] }, /faults\.0/],
    ['an unknown target', { faults: [{ kind: 'crash', at: '1s', target: 'node-1' }] }, /faults\.0\.target/],
    ['a peer that is not there', { faults: [{ kind: 'crash', at: '1s', target: 'peer-6' }] }, /no peer-6 among 5/],
    ['a trace without a file', { work: { arrivals: 'trace' } }, /work\.trace/],
  ])('%s', (_, more, problem) => {
    expect(() => scenario(more)).toThrow(problem)
    expect(() => scenario(more)).toThrow(expect.objectContaining({ code: 'SCENARIO_INVALID' }))
  })
})
