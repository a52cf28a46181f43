import { describe, expect, test } from 'vitest'
import { fakeHost } from '../../../support/fake-host.ts'
import { type Answers, cli, items, workload } from '../../../support/run-cli.ts'

describe('run', () => {
  const runs = (...states: readonly unknown[]): Answers => ({
    'workload.run': () => ({ id: 'wl-1', name: 'job', image: 'busybox', state: 'pending', parts: [] }),
    'workload.wait': () => items(...states),
    'log.read': () =>
      items({
        ...{ workload: 'wl-1', name: 'job', node: 'n', attempt: 1, position: 2, text: 'hello\noops\n', kinds: 'o1e1' },
        ...{ positions: '1,1', times: '1,1' },
      }),
  })

  test('every spelling of the request comes out the same', async () => {
    const answers = { 'workload.run': () => ({ id: 'wl-1', name: 'job', parts: [] }) }
    const ours = await cli(
      [
        ...['run', '-d', '--gpus', '2', '--gpu-type', 'H100', '--memory', '64Gi', '-e', 'A=1', '--env', 'B=2'],
        ...['--mount', '/a:/b', '-v', '/c:/d:ro', '--name', 'job', '--priority', 'high', '--timeout', '24h'],
        ...[
          '--node-label',
          'zone=eu',
          '--node',
          'n1',
          '--shm-size',
          '2g',
          '--cpu',
          '2.5',
          'busybox',
          '--',
          'sh',
          '-c',
          'echo -n hi',
        ],
      ],
      answers,
    )
    expect(ours.asked[0]?.input).toMatchObject({
      ...{ image: 'busybox', command: ['sh', '-c', 'echo -n hi'], gpus: '2', gpuType: 'H100', memory: '64Gi' },
      ...{ env: ['A=1', 'B=2'], volumes: ['/c:/d:ro', '/a:/b'], name: 'job', priority: 'high', timeout: '24h' },
      ...{ nodeSelector: { zone: 'eu' }, node: 'n1', shmSize: '2g', cpu: 2.5 },
    })
    const seeds = await cli(
      ['run', '--image', 'busybox', '-g', '0,1', '-m', '80000', '--command', 'python x.py', '-d'],
      answers,
    )
    expect(seeds.asked[0]?.input).toMatchObject({
      image: 'busybox',
      gpus: '0,1',
      memory: '80000',
      command: 'python x.py',
    })
  })

  test('refuses what is for strangers only, where no stranger is asked', async () => {
    const { code, asked, err } = await cli(['run', '--max-price', '3', 'busybox'], runs())
    expect({ code, asked }).toEqual({ code: 5, asked: [] })
    expect(err).toContain('--max-price goes with --molt')
  })

  test('says where it may go and what becomes of it', async () => {
    const { asked } = await cli(
      [
        ...['run', '-d', '--label', 'app=db', '--label', 'tier=cache', '--toleration', 'gpu=h100:NoSchedule'],
        ...['--near', 'app=web,tier=front', '--apart', 'app=db', '--strategy', 'spread', '--restart', 'on-failure:5'],
        ...['--retry-backoff', '30s', '--on-partition', 'stop', '--disk', '200g', '--mig', '1g.10gb'],
        ...['--checkpoint-signal', 'USR1', '--checkpoint-path', '/ckpt'],
        ...['--checkpoint-interval', '10m', '--checkpoint-save', '2m'],
        ...['--min-driver', '550.54', '--min-compute-capability', '8.0', '--gpu-share', '8Gi', 'busybox'],
      ],
      { 'workload.run': () => ({ id: 'wl-1', name: 'job', parts: [] }) },
    )
    expect(asked[0]?.input).toMatchObject({
      ...{ labels: { app: 'db', tier: 'cache' }, tolerations: ['gpu=h100:NoSchedule'], near: ['app=web,tier=front'] },
      ...{ apart: ['app=db'], strategy: 'spread', restart: { policy: 'on-failure:5', backoff: '30s' } },
      checkpoint: { signal: 'USR1', path: '/ckpt', interval: '10m', save: '2m' },
      ...{ onPartition: 'stop', disk: '200g', gpuMig: '1g.10gb', minDriver: '550.54', minComputeCapability: '8.0' },
      gpuShare: '8Gi',
    })
  })

  test('a variable without a value takes that of the caller, and is left out when the caller has none', async () => {
    const host = fakeHost({ env: { MODEL: 'llama', EMPTY: '' } })
    const { asked } = await cli(
      ['run', '-d', '-e', 'MODEL', '-e', 'EMPTY', '-e', 'UNSET', 'busybox'],
      { 'workload.run': () => ({ id: '', name: '', parts: [] }) },
      host,
    )
    expect(asked[0]?.input).toMatchObject({ env: ['MODEL=llama', 'EMPTY='] })
  })

  test('attached, output goes where it belongs and the exit code is the workload’s', async () => {
    const ended = workload({ state: 'failed', exitCode: 3, error: { code: 'NONZERO_EXIT', message: 'exit 3' } })
    const running = workload({ state: 'running', exitCode: null })
    const { code, out, err } = await cli(
      ['run', 'busybox'],
      runs(workload({ state: 'pending', reason: 'no room' }), running, ended),
    )
    expect([code, out]).toEqual([3, 'hello\n'])
    expect(err).toContain('oops\n')
    expect(err).toContain('job waits: no room\n')
    expect(err).toContain('job runs on n1 with 1 GPU(s)\n')
  })

  test.each([
    [{ state: 'completed', exitCode: 0 }, 0],
    [{ state: 'failed', exitCode: 137, error: { code: 'OOM_KILLED', message: 'm' } }, 137],
    [{ state: 'failed', exitCode: 137, error: { code: 'WORKLOAD_TIMEOUT', message: 'm' } }, 124],
    [{ state: 'failed', exitCode: null, error: { code: 'IMAGE_NOT_FOUND', message: 'm' } }, 4],
    [{ state: 'failed', exitCode: null, error: { code: 'NO_GPUS_AVAILABLE', message: 'm' } }, 6],
    [{ state: 'failed', exitCode: null, error: { code: 'WORKLOAD_LOST', message: 'm' } }, 102],
    [{ state: 'failed', exitCode: 255, error: { code: 'NONZERO_EXIT', message: 'm' } }, 255],
    [{ state: 'stopped', exitCode: 143 }, 103],
  ])('%j ends with %i', async (parts, wanted) => {
    const { code, err } = await cli(['run', 'busybox', '--json'], runs(workload(parts)))
    expect(code).toBe(wanted)
    if ('error' in parts) expect(JSON.parse(err)).toMatchObject({ error: { code: parts.error.code } })
  })

  test('the last line of attached JSON is the workload', async () => {
    const { out } = await cli(['run', 'busybox', '--json'], runs(workload()))
    expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({ id: 'wl-1', state: 'completed' })
  })

  test.each([
    [['run'], /no image is named/],
    [['run', '--command', 'a', 'busybox', '--', 'b'], /two commands/],
    [['run', '--label', 'novalue', 'busybox'], /--label novalue is not KEY=VALUE/],
    [['run', '--node-label', 'novalue', 'busybox'], /--node-label novalue is not KEY=VALUE/],
    [['run', '--retry-backoff', '5s', 'busybox'], /--retry-backoff needs --restart/],
    [['run', '--on-partition', 'panic', 'busybox'], /continue, stop, replace/],
    [['run', '--checkpoint-interval', '10m', 'busybox'], /--checkpoint-interval needs --checkpoint-signal/],
    [['run', '--executor', 'rocket', 'busybox'], /rocket/],
    [['run', '--gpuz', '1', 'busybox'], /--gpus/],
    [['run', '--cpu', 'many', 'busybox'], /not a number/],
    [['rnu'], /Did you mean run/],
    [['node', 'lst'], /Did you mean `clawbernetes node list`/],
    [['deploy', 'crate'], /Did you mean `clawbernetes deploy create`/],
    [['ps'], /Did you mean `clawbernetes workload list`/],
    [['cordon', 'n1'], /Did you mean `clawbernetes node cordon`/],
    [['preflight'], /Did you mean `clawnode preflight`/],
    [['--gateway', 'unix:/x', 'ps'], /Did you mean `clawbernetes workload list`/],
    [['constructor'], /unknown command 'constructor'\.\n/],
    [['frobnicate'], /unknown command 'frobnicate'\.\n/],
    [['node', 'info'], /missing required argument/],
    [['logs', 'job', '--tail', '-3'], /--tail.*-3.*not a number/],
    [['status', 'extra'], /too many arguments.*but got 1: extra\.\n/],
    [['status', '-o', 'xml'], /no format xml/],
    [['completion', 'tcsh'], /bash, zsh, fish, powershell/],
    [['node', 'invoke', 'n1', 'gpu.list', '{'], /not a JSON object/],
  ])('%j is refused with exit code 5', async (line, problem) => {
    const { code, err, out } = await cli(line)
    expect([code, out]).toEqual([5, ''])
    expect(err).toMatch(problem)
    expect(err).toMatch(/^error\[INVALID_REQUEST\]/)
  })
})

describe('run --spool', () => {
  const kept = { 'workload.run': () => ({ id: 'wl-1', name: 'job', image: 'busybox', state: 'spooled', parts: [] }) }

  test('ends with a code of its own when only the peer has accepted it, and waits for nothing', async () => {
    const { code, out, err, asked } = await cli(['run', '--spool', '--idempotency-key', 'k', 'busybox'], kept)
    expect([code, out]).toEqual([8, 'wl-1\n'])
    expect(err).toContain('accepted by this peer, not by the mesh yet')
    expect(asked.map(({ name }) => name)).toEqual(['workload.run'])
    expect(asked[0]?.input).toMatchObject({ spool: true, idempotencyKey: 'k' })
    const json = await cli(['run', '--spool', '-d', '--json', 'busybox'], kept)
    expect([json.code, JSON.parse(json.out)]).toEqual([8, { id: 'wl-1', name: 'job', state: 'spooled' }])
  })
})

describe('spool', () => {
  const one = {
    ...{
      id: 'wl-1',
      name: 'job',
      image: 'busybox',
      state: 'refused',
      node: 'n1',
      since: 'then',
      submittedBy: 'socket',
    },
    ...{ tried: true, error: { code: 'NAME_TAKEN', message: 'it is taken' } },
  }

  test('list shows what waits and why it was refused; drop says when it may run all the same', async () => {
    const { out } = await cli(['spool', 'list'], { 'spool.list': () => [one] })
    expect(out).toContain('it is taken')
    const dropped = await cli(['spool', 'drop', 'job'], { 'spool.drop': () => one })
    expect(dropped.out).toContain('job (wl-1) is dropped\nit was handed over before')
  })
})
