import { describe, expect, test } from 'vitest'
import { cli, workload } from '../../../support/run-cli.ts'

const nodes = [
  { node: 'gpu-1', nodeId: 'id-1', obstacle: 'needs 8 GPUs, has 4' },
  { node: 'gpu-2', nodeId: 'id-2', obstacle: null },
]

const why = (parts: Record<string, unknown>) => ({
  'workload.why': () => ({ ...workload(), queue: null, nodes: [], wouldFit: null, ...parts }),
})

describe('why', () => {
  test('of what waits: the reason, the place in the queue, each node, and what would fit', async () => {
    const waits = {
      state: 'pending',
      node: null,
      reason: 'no room',
      queue: { position: 2, length: 5, estimatedStart: null },
    }
    const { code, out } = await cli(
      ['why', 'job'],
      why({ ...waits, nodes, wouldFit: 'with 4 GPUs instead of 8 (on gpu-1)' }),
    )
    expect([code, out]).toEqual([
      0,
      `job waits: no room
It is number 2 of 5 that wait.
When it starts is unknown: no time limit of what runs says so.

NODE   VERDICT
gpu-1  needs 8 GPUs, has 4
gpu-2  fits

It would fit with 4 GPUs instead of 8 (on gpu-1).
`,
    ])
  })

  test('of what waits for work with a time limit: when it is expected to start', async () => {
    const queue = { position: 1, length: 1, estimatedStart: '2026-01-01T00:05:00.000Z' }
    expect((await cli(['why', 'job'], why({ state: 'pending', reason: 'no room', queue }))).out).toContain(
      'It is number 1 of 1 that wait.\nAs things are now it starts at 2026-01-01T00:05:00.000Z.\n',
    )
  })

  test.each([
    [{ state: 'running', startedAt: 'T1', attempt: 2 }, 'job runs on n1 since T1 (attempt 2).\n'],
    [{ state: 'starting' }, 'job starts on n1.\n'],
    [{ state: 'stopping', eviction: { reason: 'n1 is drained', since: 'T' } }, 'job leaves n1: n1 is drained\n'],
    [{ state: 'completed', endedAt: 'T2' }, 'job completed on n1 at T2.\n'],
    [
      { state: 'failed', endedAt: 'T2', error: { code: 'X', message: 'It broke.' } },
      'job failed on n1 at T2: It broke.\n',
    ],
    [{ state: 'stopped', endedAt: 'T2' }, 'job was stopped on n1 at T2.\n'],
  ])('%j in words', async (parts, sentence) => {
    expect((await cli(['workload', 'why', 'job'], why(parts))).out).toBe(sentence)
  })

  test('of what has a place: how it came there, if that is remembered', async () => {
    const decision = 'job goes to n1: 2 of 3 nodes could run it; this one then has 1 GPUs free'
    expect((await cli(['why', 'job'], why({ state: 'running', startedAt: 'T1', decision }))).out).toBe(
      `job runs on n1 since T1.\nIt was decided that ${decision}.\n`,
    )
  })

  test('given a peer of an older build, which says less, then what it says is told', async () => {
    const less = { queue: undefined, decision: undefined }
    const pending = { state: 'pending', node: null, reason: 'no room' }
    expect((await cli(['why', 'job'], why({ ...less, ...pending }))).out).toContain('job waits: no room\n')
    const older = { position: 1, length: 2 }
    expect((await cli(['why', 'job'], why({ ...less, ...pending, queue: older }))).out).toContain('number 1 of 2')
  })

  test('tells of the attempts that are over', async () => {
    const over = {
      attempt: 1,
      node: 'n2',
      startedAt: null,
      endedAt: 'T',
      exitCode: null,
      error: null,
      reason: 'n2 was lost',
    }
    expect((await cli(['why', 'job'], why({ state: 'running', startedAt: 'T1', history: [over] }))).out).toContain(
      '\nAttempt 1 was on n2, given up at T before it started: n2 was lost\n',
    )
  })
})

describe('run --dry-run', () => {
  const answer = (parts: Record<string, unknown>) => ({
    'workload.plan': () => ({
      ...{
        fits: false,
        node: null,
        nodeId: null,
        devices: [],
        executor: null,
        parts: [],
        reason: null,
        nodes,
        wouldFit: null,
      },
      ...parts,
    }),
  })

  test('says where it would run, and asks for nothing to be submitted', async () => {
    const fits = {
      fits: true,
      node: 'gpu-2',
      devices: [{ index: 0 }, { index: 3 }],
      executor: 'docker',
      parts: [],
      because: 'it is idle',
    }
    const { code, out, asked } = await cli(['run', '--dry-run', '--gpus', '2', 'busybox'], answer(fits))
    expect([code, out]).toEqual([0, 'would run on gpu-2 (docker) with GPU 0, GPU 3\nbecause it is idle\n'])
    expect(asked.map(({ name }) => name)).toEqual(['workload.plan'])
  })

  test('given a peer of an older build, which does not say why there, then only where is told', async () => {
    const fits = { fits: true, node: 'gpu-2', executor: 'docker' }
    expect((await cli(['run', '--dry-run', 'busybox'], answer(fits))).out).toBe(
      'would run on gpu-2 (docker) without a GPU\n',
    )
  })

  test('ends with the code for no capacity when it would wait, whatever the format', async () => {
    const { code, out } = await cli(['run', '--dry-run', 'busybox'], answer({ reason: 'no room' }))
    expect([code, out.split('\n')[0]]).toEqual([6, 'would wait: no room'])
    expect(out).toContain('gpu-1  needs 8 GPUs, has 4\n')
    const json = await cli(['run', '--dry-run', '--json', 'busybox'], answer({ reason: 'no room' }))
    expect([json.code, JSON.parse(json.out)]).toMatchObject([6, { fits: false, reason: 'no room' }])
  })
})
