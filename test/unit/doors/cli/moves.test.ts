import { describe, expect, test } from 'vitest'
import { fakeHost } from '../../../support/fake-host.ts'
import { thenSilence } from '../../../support/fake-invoker.ts'
import { cli, items, workload } from '../../../support/run-cli.ts'

const openness = (parts: Record<string, unknown> = {}) => ({
  ...{ id: 'id-3', name: 'node-3', mode: 'draining', reason: '', left: [] },
  ...parts,
})
const left = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `wl-${i}`, name: `job-${i}`, state: 'running', why: 'is waiting' }))

describe('node drain', () => {
  test('stays until nothing is left, and tells what is', async () => {
    const { code, out, err, asked } = await cli(['node', 'drain', 'node-3', '--grace', '30s', '--reason', 'disks'], {
      'node.drain': () => openness({ left: left(1), reason: 'disks' }),
      'node.drained': () => items(openness({ left: left(1) }), openness({ reason: 'disks' })),
    })
    expect([code, out]).toEqual([0, 'node-3 is drained (disks) and has no work\n'])
    expect(err).toBe('node-3 has 1 workload(s) left:\n  job-0 (wl-0) is waiting\n')
    expect(asked[0]?.input).toMatchObject({ node: 'node-3', grace: '30s', reason: 'disks', force: false })
    expect(asked[1]?.input).toEqual({ node: 'id-3' })
  })

  test('returns at once with --no-wait, and names at most some of many', async () => {
    const answers = { 'node.drain': () => openness({ left: left(10) }) }
    const { out, asked } = await cli(['node', 'drain', 'node-3', '--force', '--no-wait'], answers)
    expect(out.split('\n').slice(0, 2)).toEqual(['node-3 is drained', '  job-0 (wl-0) is waiting'])
    expect(out).toContain('  and 2 more\n')
    expect(asked.map(({ name }) => name)).toEqual(['node.drain'])
    expect(asked[0]?.input).toMatchObject({ force: true })
  })

  test('given up after --timeout, it says so and leaves the drain in place', async () => {
    const state = openness({ left: left(1) })
    const answers = {
      'node.drain': () => state,
      'node.drained': (_: unknown, signal: AbortSignal) => thenSilence([state], signal),
    }
    const { code, err } = await cli(['node', 'drain', 'node-3', '--timeout', '20ms'], answers)
    expect(code).toBe(2)
    expect(err).toContain('error[DEADLINE_EXCEEDED]')
  })

  test('let go of by Ctrl-C, it leaves the drain in place and says how to end it', async () => {
    const ctrlC = new AbortController()
    const answers = {
      'node.drain': () => openness({ left: left(2) }),
      'node.drained': async function* (_: unknown, signal: AbortSignal) {
        yield openness({ left: left(1) })
        ctrlC.abort()
        yield* thenSilence([], signal)
      },
    }
    const { code, out, err } = await cli(['node', 'drain', 'node-3'], answers, fakeHost(), ctrlC)
    expect([code, out]).toEqual([130, ''])
    expect(err).toContain('node-3 stays drained, and 1 workload(s) still leave it')
    expect(err).toContain('clawbernetes node undrain node-3')
  })

  test('ended by somebody else, it fails', async () => {
    const answers = {
      'node.drain': () => openness({ left: left(1) }),
      'node.drained': () => items(openness({ mode: 'open', left: left(1) })),
    }
    const { code, err } = await cli(['node', 'drain', 'node-3'], answers)
    expect(code).toBe(5)
    expect(err).toContain('somebody ended the drain of node-3')
  })
})

describe('node taint', () => {
  const answers = { 'node.taint': () => ({ id: 'id-3', name: 'node-3', taints: [] }) }
  const input = async (...words: string[]): Promise<unknown> =>
    (await cli(['node', 'taint', 'node-3', ...words], answers)).asked[0]?.input

  test('takes taints as kubectl spells them', async () => {
    expect(await input('team=vision:NoSchedule', 'fire:noexecute')).toEqual({
      node: 'node-3',
      add: [
        { key: 'team', value: 'vision', effect: 'NoSchedule' },
        { key: 'fire', value: '', effect: 'NoExecute' },
      ],
      remove: [],
    })
    expect(await input('team:NoSchedule-', 'team=vision:NoSchedule-', 'gpu-old-')).toMatchObject({
      add: [],
      remove: [{ key: 'team', effect: 'NoSchedule' }, { key: 'team', effect: 'NoSchedule' }, { key: 'gpu-old' }],
    })
  })

  test.each(['team', 'team=vision', '=x:NoSchedule', 'team:Never'])('refuses %s', async (word) => {
    const { code, asked } = await cli(['node', 'taint', 'node-3', word], answers)
    expect([code, asked]).toEqual([5, []])
  })
})

test('cordon, uncordon and undrain say what the node does now', async () => {
  const cordoned = { 'node.cordon': () => openness({ mode: 'cordoned', reason: 'x' }) }
  expect((await cli(['node', 'cordon', 'node-3', '--reason', 'x'], cordoned)).out).toBe(
    'node-3 takes no new work (x)\n',
  )
  const open = () => openness({ mode: 'open', left: left(1) })
  for (const verb of ['uncordon', 'undrain'])
    expect((await cli(['node', verb, 'node-3'], { [`node.${verb}`]: open })).out).toBe('node-3 takes new work\n')
})

test('workload migrate says where it leaves from', async () => {
  const answers = { 'workload.migrate': () => workload({ state: 'stopping' }) }
  const { out, asked } = await cli(['workload', 'migrate', 'job', '--to', 'n2', '--grace', '2m'], answers)
  expect(out).toBe('job (wl-1) is leaving n1\n')
  expect(asked[0]?.input).toEqual({ workload: 'job', to: 'n2', grace: '2m' })
})

test('gateway voters is a table, gateway transfer a sentence', async () => {
  const voters = [
    { id: 'id-1', name: 'n1', role: 'leader', lag: 0, silentForMs: 0 },
    { id: 'id-2', name: 'n2', role: 'mute', lag: null, silentForMs: null },
  ]
  expect((await cli(['gateway', 'voters'], { 'gateway.voters': () => voters })).out).toBe(
    'NAME  ROLE    LAG  SILENT FOR  ID\nn1    leader  0    0 ms        id-1\nn2    mute    —    —           id-2\n',
  )
  const answers = { 'gateway.transfer': () => ({ from: 'n1', leader: 'n2', leaderId: 'id-2', moved: true }) }
  expect((await cli(['gateway', 'transfer', 'n2'], answers)).out).toBe('n2 leads now, after n1\n')
})
