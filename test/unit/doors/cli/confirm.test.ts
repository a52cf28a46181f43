import { expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { cli, items, workload } from '../../../support/run-cli.ts'

const node = { name: 'n3', gpus: [{}, {}], running: [{ id: 'wl-1', name: 'train', state: 'running' }] }
const openness = { id: 'i', name: 'n3', mode: 'draining', reason: '', left: [] }
const array = [0, 1, 2].map((index) =>
  workload({
    ...{ id: `wl-${index}`, name: `sweep-${index}`, state: 'running' },
    part: { group: 'grp-1', name: 'sweep', index, count: 3, gang: false },
  }),
)
const answers = {
  'node.info': () => node,
  'node.remove': () => ({ name: 'n3', leftRunning: 0 }),
  'node.drain': () => openness,
  'node.drained': () => items(openness),
  'workload.info': (input: unknown) => {
    const { workload: name } = input as { workload: string }
    if (name === 'sweep') return array[0]
    const found = array.find((one) => one.name === name)
    if (found === undefined) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: name })
    return { ...found, part: null }
  },
  'workload.list': () => array,
  'workload.wait': (input: unknown) =>
    items(workload({ id: (input as { workload: string }).workload, state: 'stopped' })),
  'workload.stop': (input: unknown) => {
    const { workload: name } = input as { workload: string }
    if (name === 'ghost') throw new ClawError('WORKLOAD_NOT_FOUND', { workload: name })
    return name === 'sweep' ? array[0] : { ...array[0], name, part: null }
  },
}
const piped = (...line: readonly string[]) => cli(line, answers)
const typed = (input: string, ...line: readonly string[]) => cli(line, answers, fakeHost({ isTTY: true, input }))
const did = (asked: readonly { readonly name: string }[], name: string) => asked.some((one) => one.name === name)

test.each([
  [['node', 'remove', 'n3'], 'node.remove'],
  [['stop', 'sweep'], 'workload.stop'],
  [['stop', 'sweep-0', 'sweep-1'], 'workload.stop'],
])('given no terminal, when %j has to be confirmed, then it ends with 5 and does nothing', async (line, operation) => {
  const { code, err, asked } = await piped(...line)
  expect([code, err]).toEqual([5, expect.stringContaining('--yes')])
  expect(did(asked, operation)).toBe(false)
})

test.each([
  [['node', 'remove', 'n3'], 'node.remove', 'n3 with 2 GPU(s) will be taken out of the mesh. It has 1 workload(s)'],
  [['node', 'drain', 'n3'], 'node.drain', '1 workload(s) will be stopped on n3 and placed elsewhere:\n  train (wl-1)'],
  [['stop', 'sweep'], 'workload.stop', '3 workloads with 3 GPU(s) will be stopped:\n  sweep-0 (wl-0) on n1'],
])(
  'given a terminal, when %j is asked about, then the plan is told, and only a yes goes on',
  async (line, operation, plan) => {
    const no = await typed('no\n', ...line)
    expect([no.code, no.err]).toEqual([5, expect.stringContaining(plan)])
    expect(no.err).toContain('It was not done: you did not say yes.')
    expect(did(no.asked, operation)).toBe(false)
    expect(await typed('', ...line)).toMatchObject({ code: 5 })

    const yes = await typed('y\n', ...line)
    expect([yes.code, did(yes.asked, operation)]).toEqual([0, true])
    const told = await typed('', ...line, '--yes')
    expect([told.code, told.err.includes('Go on?')]).toEqual([0, false])
  },
)

test('given one workload, or a drain off a terminal, when it is stopped or drained, then nobody is asked', async () => {
  expect((await piped('stop', 'sweep-0')).code).toBe(0)
  expect((await piped('node', 'drain', 'n3')).code).toBe(0)
})

test('given several, when some cannot be stopped, then the others are, and the exit code is 8', async () => {
  const { code, out, err } = await piped('stop', 'ghost', 'sweep-1', '--yes', '--no-wait')
  expect([code, out]).toEqual([8, 'sweep-1 (wl-0) running\n'])
  expect(err).toContain('error[WORKLOAD_NOT_FOUND]')
})

test('given an error of the system, when it is told, then what lies behind it is said too', async () => {
  const { err } = await cli(['status'], {
    status: () => {
      throw new ClawError('ECONNREFUSED', { address: 'x' }, { cause: new Error('connect ENOENT /x') })
    },
  })
  expect(err.split('\n').map((line) => line.split(':')[0])).toEqual(['error[ECONNREFUSED]', 'cause', 'try', ''])
})
