import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { cli, items, workload } from '../../../support/run-cli.ts'

const gpu = (index: number, model: string, simulated = false) => ({
  ...{ index, uuid: `G${index}`, model, memoryMib: 81_920, vendor: 'nvidia', simulated, state: 'free', workload: null },
  ...{ utilization: null, memoryUsedMib: null, temperatureC: null, powerW: null },
})

const node = (name: string, gpus: readonly ReturnType<typeof gpu>[], utilization: number | null) => ({
  ...{ id: `id-${name}`, name, status: 'healthy', gpus, gpuModel: null, gpusFree: gpus.length, utilization },
  ...{ workloads: 0, labels: {}, scheduling: { mode: 'open', reason: '' }, taints: [], lastSeen: null },
})

const nodes = [
  node(
    'gpu-node-1',
    [0, 1, 2, 3].map((index) => gpu(index, 'NVIDIA A100-SXM4-80GB')),
    75,
  ),
  node('gpu-node-2', [gpu(0, 'NVIDIA H100 80GB HBM3', true)], null),
]

const status = {
  ...{ gateway: 'x', leader: 'gpu-node-1', nodes: { healthy: 3, unhealthy: 0 } },
  ...{ gpus: { total: 16, available: 12 }, workloads: { running: 4, pending: 2 } },
}

describe('tables', () => {
  test('at a terminal, status looks like the user guide’s', async () => {
    const answers = { status: () => status, 'node.list': () => nodes }
    const { out, code } = await cli(['status'], answers, fakeHost({ isTTY: true }))
    expect(out).toBe(`CLUSTER STATUS
═══════════════════════════════════════
Gateway:     unix:/run/test.sock
Leader:      gpu-node-1
Nodes:       3 healthy, 0 unhealthy
Total GPUs:  16 (12 available)
Workloads:   4 running, 2 pending

NODES
┌────────────┬─────────────────────┬─────────┬─────────────┐
│ Name       │ GPUs                │ Status  │ Utilization │
├────────────┼─────────────────────┼─────────┼─────────────┤
│ gpu-node-1 │ 4× A100             │ healthy │ 75%         │
│ gpu-node-2 │ 1× H100 (simulated) │ healthy │ —           │
└────────────┴─────────────────────┴─────────┴─────────────┘
`)
    expect(code).toBe(0)
  })

  test('in a pipe, columns are plain', async () => {
    const { out } = await cli(['node', 'list'], { 'node.list': () => nodes })
    expect(out).toBe(`NAME        GPUS                 STATUS   UTILIZATION
gpu-node-1  4× A100              healthy  75%
gpu-node-2  1× H100 (simulated)  healthy  —
`)
  })

  test('wide shows more, JSON and YAML show all', async () => {
    const answers = { 'node.list': () => nodes }
    expect((await cli(['node', 'list', '-o', 'wide'], answers)).out).toContain('id-gpu-node-1')
    expect(JSON.parse((await cli(['node', 'list', '--json'], answers)).out)).toEqual(nodes)
    expect((await cli(['-f', 'yaml', 'node', 'list'], answers)).out).toContain('- id: id-gpu-node-1')
    expect((await cli(['node', 'list', '-o', 'jsonl'], answers)).out.trim().split('\n')).toHaveLength(2)
  })

  test('wide says which nodes are closed and tainted', async () => {
    const closed = {
      ...nodes[1],
      scheduling: { mode: 'cordoned', reason: 'new disks' },
      taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }],
    }
    const { out } = await cli(['node', 'list', '-o', 'wide'], { 'node.list': () => [nodes[0], closed] })
    expect(out).toMatch(/gpu-node-1 .* yes /)
    expect(out).toMatch(/gpu-node-2 .* no: cordoned \(new disks\) .* gpu:NoSchedule /)
  })

  test('a workload that waits tells its position and when it is expected to start, or that this is unknown', async () => {
    const told = async (estimatedStart: string | null) => {
      const waiting = workload({
        state: 'pending',
        reason: 'no room',
        queue: { position: 3, length: 7, estimatedStart },
      })
      const answers = { 'workload.info': () => waiting, 'workload.list': () => [waiting] }
      return [await cli(['workload', 'info', 'job'], answers), await cli(['workload', 'list', '-o', 'wide'], answers)]
    }
    const [info, list] = await told('2026-01-01T00:05:00.000Z')
    expect(info?.out).toMatch(/^Position: +3 of 7 that wait$/m)
    expect(info?.out).toMatch(/^Estimated start: +2026-01-01T00:05:00.000Z$/m)
    expect(list?.out).toMatch(/POSITION +ESTIMATED START/)
    expect(list?.out).toMatch(/ 3 +2026-01-01T00:05:00.000Z/)
    const [unknown, unknownList] = await told(null)
    expect(unknown?.out).toMatch(/^Estimated start: +unknown$/m)
    expect(unknownList?.out).toMatch(/ 3 +unknown/)
  })

  test('given a peer of an older build, which knows no queue, then its workloads are shown all the same', async () => {
    const waiting = workload({ state: 'pending', reason: 'no room', queue: undefined })
    const answers = { 'workload.info': () => waiting, 'workload.list': () => [waiting] }
    const info = await cli(['workload', 'info', 'job'], answers)
    expect([info.code, info.out]).toEqual([0, expect.stringMatching(/^Waits because: +no room$/m)])
    const list = await cli(['workload', 'list', '-o', 'wide'], answers)
    expect([list.code, list.out]).toEqual([0, expect.stringMatching(/ — +— +no room$/m)])
  })

  test('a workload tells of its attempts, and when it is tried again', async () => {
    const at = '2026-01-01T00:00:00.000Z'
    const one = { attempt: 1, node: 'n1', startedAt: at, endedAt: at, exitCode: 3, reason: 'retry 1 of 2' }
    const info = workload({
      ...{ state: 'pending', retries: 1, nextTryAt: at, reason: 'is tried again at 2026-11-25T06:57:36Z' },
      history: [{ ...one, error: { code: 'NONZERO_EXIT', message: '' } }],
    })
    const { out } = await cli(['workload', 'info', 'job'], { 'workload.info': () => info })
    expect(out).toMatch(/^Waits because: +is tried again at 2026-11-25T06:57:36Z$/m)
    expect(out).toMatch(/^Next try: +2026-01-01T00:00:00.000Z$/m)
    expect(out).toMatch(/^Retries: +1$/m)
    expect(out).toMatch(/^Attempt 1: +on n1, from .* to .*, NONZERO_EXIT, exit code 3: retry 1 of 2$/m)
  })

  test('a workload that saves tells when it last did', async () => {
    const checkpoint = { signal: 'SIGUSR1', path: '/ckpt', intervalSeconds: 600, saveSeconds: 120, lastAt: null }
    const lastAt = '2026-01-01T00:00:00.000Z'
    const told = async (parts: Record<string, unknown>) =>
      (await cli(['workload', 'info', 'job'], { 'workload.info': () => workload(parts) })).out
    expect(await told({})).not.toContain('Last checkpoint')
    expect(await told({ checkpoint })).toMatch(/^Last checkpoint: +—$/m)
    expect(await told({ checkpoint: { ...checkpoint, lastAt } })).toMatch(
      /^Last checkpoint: +2026-01-01T00:00:00.000Z$/m,
    )
  })

  test('names from other hosts cannot steer the terminal', async () => {
    const answers = { 'node.list': () => [node('a\u001b[2Jb\u0007', [], null)] }
    expect((await cli(['node', 'list'], answers)).out).not.toMatch(/[\u001b\u0007]/)
  })
})

describe('shapes', () => {
  test('status has its keys, with the address that was used', async () => {
    const { out } = await cli(['status', '--json'], { status: () => status })
    expect(JSON.parse(out)).toEqual({ ...status, gateway: 'unix:/run/test.sock' })
  })

  test('run -d prints the id, and id and name as JSON', async () => {
    const answers = { 'workload.run': () => ({ id: 'wl-1', name: 'job', image: 'x', state: 'pending', parts: [] }) }
    expect((await cli(['run', '-d', 'busybox'], answers)).out).toBe('wl-1\n')
    expect(JSON.parse((await cli(['--json', 'run', '-d', 'busybox'], answers)).out)).toEqual({
      id: 'wl-1',
      name: 'job',
    })
  })

  test('errors have a code, a message and a hint, on stderr', async () => {
    const answers = {
      'workload.info': () => {
        throw new ClawError('WORKLOAD_NOT_FOUND', { workload: 'x' })
      },
    }
    const text = await cli(['workload', 'info', 'x'], answers)
    expect([text.code, text.out]).toEqual([4, ''])
    expect(text.err).toBe(
      'error[WORKLOAD_NOT_FOUND]: No workload is called x.\ntry: List the workloads with `clawbernetes workload list`.\n',
    )
    const json = await cli(['workload', 'status', 'x', '-o', 'json'], answers)
    expect(JSON.parse(json.err)).toEqual({
      error: {
        code: 'WORKLOAD_NOT_FOUND',
        message: 'No workload is called x.',
        hint: 'List the workloads with `clawbernetes workload list`.',
      },
    })
  })
})

describe('other commands', () => {
  test('logs take their options in any place, and --tail with or without a number', async () => {
    const chunk = { workload: 'wl-1', name: 'job', node: 'n', attempt: 1, position: 1, text: 'x\n', kinds: 'o1' }
    const answers = { 'log.read': () => items({ ...chunk, positions: '1', times: '1000' }) }
    const input = async (...line: string[]): Promise<unknown> => (await cli(line, answers)).asked[0]?.input
    expect(await input('logs', '-f', 'job')).toMatchObject({ workloads: ['job'], follow: true })
    expect(await input('logs', '--tail', 'job')).toMatchObject({ workloads: ['job'], tail: 100 })
    expect(await input('logs', 'job', '--tail')).toMatchObject({ workloads: ['job'], tail: 100 })
    expect(await input('workload', 'logs', 'job', '--tail', '5', '--since', '1h ago')).toMatchObject({
      tail: 5,
      since: '1h ago',
    })
    expect((await cli(['logs', 'job', '--timestamps'], answers)).out).toBe('1970-01-01T00:00:01.000Z x\n')
  })

  test('stop waits for the end, under all its names', async () => {
    const answers = {
      'workload.info': () => workload(),
      'workload.stop': () => workload({ state: 'stopping' }),
      'workload.wait': () => items(workload({ state: 'stopping' }), workload({ state: 'stopped' })),
    }
    for (const words of [['stop'], ['workload', 'cancel'], ['workload', 'stop']])
      expect((await cli([...words, 'job'], answers)).out).toBe('job (wl-1) stopped\n')
    expect((await cli(['stop', 'job', '--no-wait'], answers)).out).toBe('job (wl-1) stopping\n')
  })

  test('a join token is printed alone, so that it can be piped', async () => {
    const answers = { 'token.create': () => ({ token: 'claw1.x', expiresAt: '2026-01-01T00:00:00.000Z' }) }
    const ran = await cli(['token', 'create', '--ttl', '10m', '--roles', 'member', '--label', 'k=v'], answers)
    expect(ran).toMatchObject({ out: 'claw1.x\n', err: '' })
    expect(ran.asked[0]?.input).toEqual({ ttl: '10m', roles: ['member'], labels: { k: 'v' } })
    expect(JSON.parse((await cli(['token', 'create', '--json'], answers)).out)).toEqual(answers['token.create']())
  })

  test('node invoke passes JSON through, from the command line or from standard input', async () => {
    const answers = { 'node.invoke': (input: unknown) => input }
    const params = '{"image":"nginx","gpus":1}'
    const direct = await cli(['node', 'invoke', 'n1', 'workload.run', params], answers)
    const piped = await cli(['node', 'invoke', 'n1', 'workload.run', '-'], answers, fakeHost({ input: params }))
    expect(JSON.parse(direct.out)).toEqual({ node: 'n1', command: 'workload.run', params: { image: 'nginx', gpus: 1 } })
    expect(piped.out).toBe(direct.out)
  })

  test('version tells of the CLI even when no peer answers', async () => {
    const answers = {
      version: () => {
        throw new ClawError('ECONNREFUSED', { address: 'x' })
      },
    }
    expect(await cli(['version', '--json'], answers)).toMatchObject({ code: 0 })
    const old = { version: '9', node: 'n1', uptimeSeconds: 1 }
    expect((await cli(['version'], { version: () => old })).out).toContain('9 (n1)')
  })

  test('version shows the skew, who is waited for, and a peer that is outdated', async () => {
    const applies = { oldest: 1, newest: 2 }
    const peer = {
      ...{ version: '9.1.0', node: 'n1', uptimeSeconds: 1 },
      state: { version: 1, applies, outdated: 'It has met more.', next: { version: 2, waitsFor: ['n2', 'n3'] } },
      peers: [
        { node: 'n2', version: '9.0.0', skew: 'older', applies, status: 'healthy', problems: ['hot'] },
        { node: 'n3', version: '9.0.0', skew: 'older', applies, status: 'offline', problems: [] },
      ],
    }
    const { out } = await cli(['version'], { version: () => peer })
    for (const part of ['older than the peer', 'state version 1; 2 waits for n2, n3', 'OUTDATED', 'healthy; hot'])
      expect(out).toContain(part)
    expect(out).toContain('to upgrade    n2\n')
    expect(out).toContain('offline       n3: upgrade, or if it is gone for good: clawbernetes node remove n3 --force\n')
  })

  test.each([
    ['0.0.1', 'n1 runs the older build 0.0.1'],
    ['9.0.0', 'See the command’s --help'],
  ])('a peer of build %s that does not know what is asked: %s', async (version, hint) => {
    const answers = {
      version: () => ({ version, node: 'n1', uptimeSeconds: 1 }),
      'workload.info': () => workload(),
      'workload.stop': () => {
        throw new ClawError('INVALID_REQUEST', { problem: 'there is no reason' })
      },
    }
    const words = ['stop', 'job', '--reason', 'enough']
    expect(await cli(words, answers)).toMatchObject({ code: 5, err: expect.stringContaining(hint) as string })
    expect((await cli(['--json', ...words], answers)).err).toContain(hint)
  })

  test('completion offers commands, options, and names that the peer knows', async () => {
    const answers = { 'node.list': () => nodes, 'workload.list': () => [workload()] }
    const offers = async (...words: string[]): Promise<string[]> =>
      (await cli(['__complete', '--', ...words], answers)).out.trim().split('\n')
    expect(await offers('no')).toEqual(['node'])
    expect(await offers('node', 'i')).toEqual(['info', 'invoke'])
    expect(await offers('node', 'info', '')).toEqual(expect.arrayContaining(['gpu-node-1', 'gpu-node-2']))
    expect(await offers('logs', '-f', 'j')).toEqual(['job'])
    expect(await offers('run', '--gpu')).toEqual(['--gpus', '--gpu-type', '--gpu-memory', '--gpu-share'])
    expect(await offers('completion', 'z')).toEqual(['zsh'])
    expect(await offers('completion', 'install', 'p')).toEqual(['powershell'])
    expect(await offers('stop', 'a', 'b', 'j')).toEqual(['job'])
    expect(await offers('workload', 'list', '--node', 'gpu')).toEqual(['gpu-node-1', 'gpu-node-2'])
    expect(await offers('node', 'list', '-o', 'j')).toEqual(['json', 'jsonl'])
    expect(await offers('wait', 'job', '--for', 'r')).toEqual(['running', 'ready'])
    expect(await offers('top', 'g')).toEqual(['gpus'])
    expect(await offers('status', '--context', 'l')).toEqual(['local'])
  })

  test('given a home, when completion is installed, then the script is where the shell looks, once', async () => {
    const home = mkdtempSync(join(tmpdir(), 'claw-completion-'))
    try {
      const run = (...words: readonly string[]) =>
        cli(['completion', 'install', ...words], {}, fakeHost({ home, env: { SHELL: '/usr/bin/fish' } }))
      expect((await run()).out).toContain('.config/fish/completions/clawbernetes.fish is there')
      expect((await run()).out).toContain('is as it should be')
      expect((await run('zsh')).err).toContain('fpath')
      expect((await run('csh')).code).toBe(5)
    } finally {
      rmSync(home, { recursive: true })
    }
  })

  test('completion offers nothing when the peer does not answer', async () => {
    const answers = {
      'node.list': () => {
        throw new ClawError('ECONNREFUSED', { address: 'x' })
      },
    }
    expect(await cli(['__complete', '--', 'node', 'info', ''], answers)).toMatchObject({ code: 0, out: '', err: '' })
  })
})
