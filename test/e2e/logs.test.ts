/** The output of work: kept beyond its container, searched where it is, followed across crashes without a line lost or doubled. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { containersOf } from '../support/docker-mesh.ts'
import { exchange, type RawReply } from '../support/http.ts'
import { labDocker, labImage, removeContainers } from '../support/lab-docker.ts'
import { UnixProxy } from '../support/unix-proxy.ts'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../support/mesh.ts'

const reaches = (peer: Daemon, name: string, wanted: string): Promise<WorkloadInfo> =>
  eventually(
    `${name} is ${wanted}`,
    60_000,
    () => peer.json<WorkloadInfo>('workload', 'info', name),
    ({ state }) => state === wanted,
  )

const linesOf = (text: string): readonly string[] => text.split('\n').slice(0, -1)
const counted = (lines: readonly string[]): readonly string[] => lines.map((_, i) => `line ${i + 1}`)

describe('given processes on two nodes', () => {
  let mesh: Mesh
  let one: Daemon
  let two: Daemon

  beforeAll(async () => {
    mesh = await Mesh.start({ names: ['one', 'two'], gpus: '' })
    one = mesh.get(0)
    two = mesh.get(1)
    await mesh.voters(1)
    const trouble =
      'echo "INFO start"; echo "{\\"level\\":\\"warn\\",\\"msg\\":\\"hot\\"}"; echo "INFO step"; ' +
      'echo "INFO end"; sleep 0.3; echo "RuntimeError: CUDA out of memory" >&2'
    await one.cli('run', '--name', 'trouble', '--node', 'two', 'host', '--', 'sh', '-c', trouble)
    await one.cli(
      'run',
      '--name',
      'calm',
      '--node',
      'one',
      'host',
      '--',
      'sh',
      '-c',
      'echo "INFO calm"; echo "cuda is fine"',
    )
  })
  afterAll(() => mesh.stop())

  test('levels, patterns, context and times choose lines, from another peer too', async () => {
    for (const peer of [one, two]) {
      const { stdout, stderr } = await peer.cli('logs', 'trouble', '--level', 'warn')
      expect([stdout, stderr]).toEqual(['{"level":"warn","msg":"hot"}\n', 'RuntimeError: CUDA out of memory\n'])
      expect((await peer.cli('logs', 'trouble', '--search', 'info s')).stdout).toBe('INFO start\nINFO step\n')
      expect((await peer.cli('logs', 'trouble', '--search', '/^INFO \\w{3}$/')).stdout).toBe('INFO end\n')
      const around = await peer.cli('logs', 'trouble', '--search', 'hot', '--context', '1')
      expect(around.stdout).toBe('INFO start\n{"level":"warn","msg":"hot"}\nINFO step\n')
      expect((await peer.cli('logs', 'trouble', '--until', '1h ago')).stdout).toBe('')
      expect(linesOf((await peer.cli('logs', 'trouble', '--since', '1h ago', '--tail', '2')).stdout)).toHaveLength(1)
    }
  })

  test('without a workload all are searched, each match with its workload and node', async () => {
    const { stdout, stderr } = await one.cli('logs', '--search', 'cuda')
    expect(stdout).toMatch(/^calm@one *\| cuda is fine\n$/)
    expect(stderr).toMatch(/^trouble@two *\| RuntimeError: CUDA out of memory\n$/)
    const found = await one.cli('logs', '--search', 'CUDA out of memory', '-o', 'jsonl')
    expect(JSON.parse(found.stdout)).toMatchObject({ name: 'trouble', node: 'two', stream: 'stderr', attempt: 1 })
  })

  test('several are told apart by their names, and a pattern that cannot be is refused', async () => {
    const { stdout } = await one.cli('logs', 'trouble', 'calm', '--search', 'info')
    expect(linesOf(stdout)).toEqual([
      'trouble | INFO start',
      'trouble | INFO step',
      'trouble | INFO end',
      'calm    | INFO calm',
    ])
    const refused = await one.cli('logs', 'trouble', '--search', '/(/')
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('error[INVALID_REQUEST]')])
  })

  test('an earlier attempt can be read, also when the next one ran elsewhere', async () => {
    const script = 'echo attempt on $CLAW_NODE; exit 3'
    await one.cli('run', '--name', 'flaky', '--restart', 'on-failure:1', 'host', '--', 'sh', '-c', `${script}`)
    await reaches(one, 'flaky', 'failed')
    const current = await two.cli('logs', 'flaky', '-o', 'jsonl')
    const previous = await two.cli('logs', 'flaky', '--previous', '-o', 'jsonl')
    expect([current, previous].map(({ stdout }) => (JSON.parse(stdout) as { attempt: number }).attempt)).toEqual([2, 1])
    const none = await two.cli('logs', 'calm', '--previous')
    expect([none.code, none.stderr]).toEqual([4, expect.stringContaining('error[LOGS_GONE]')])
  })

  test('over HTTP they come as one array, or as events', async () => {
    const get = (path: string, accept: string): Promise<RawReply> => exchange(two.socket, { path, headers: { accept } })
    const array = JSON.parse((await get('/api/logs/calm?lines=1', 'application/json')).body) as { text: string }[]
    expect(array.map(({ text }) => text)).toEqual(['cuda is fine'])
    const events = await get('/api/logs/calm?lines=100&follow=true', 'text/event-stream')
    expect(
      Array.from(
        events.body.matchAll(/^event: log\ndata: (.*)$/gm),
        ([, data]) => (JSON.parse(data ?? '') as { text: string }).text,
      ),
    ).toEqual(['INFO calm', 'cuda is fine'])
  })
})

describe.skipIf(labDocker === null)('given 50 containers that count (engine at CLAW_LAB_DOCKER)', () => {
  const count = 50
  let mesh: Mesh
  let proxy: UnixProxy
  let host: Daemon
  let other: Daemon
  let box: string
  let node: string

  beforeAll(async () => {
    proxy = await UnixProxy.to((labDocker ?? '').replace(/^unix:\/\//, ''))
    mesh = await Mesh.start({ names: ['other'], gpus: '' })
    other = mesh.get(0)
    host = await mesh.add('host', {
      ...{ gpus: '', extra: ['--executor', 'docker', '--docker-host', proxy.path] },
      environment: { CLAWNODE_CONTAINERS_MOUNTS: `*=${mesh.directory}` },
    })
    node = (await host.json<{ id: string }>('gateway', 'ping')).id
    box = join(mesh.directory, 'box')
    mkdirSync(box)
    const script = 'i=0; until [ -e /box/end ]; do for j in 1 2 3 4 5; do i=$((i+1)); echo line $i; done; sleep 1; done'
    const start = async (name: string): Promise<void> => {
      const reply = await other.cli(
        ...['run', '-d', '--name', name, '--node', 'host', '--network', 'host', '--volume', `${box}:/box`],
        ...['--stop-grace', '1s', labImage, '--', 'sh', '-c', script],
      )
      expect(reply).toMatchObject({ code: 0 })
    }
    for (let at = 0; at < count; at += 5)
      await Promise.all(Array.from({ length: 5 }, (_, i) => start(`counter-${at + i}`)))
    await eventually('all run', 120_000, running, (all) => all === count)
  }, 240_000)
  afterAll(async () => {
    await mesh.stop()
    await removeContainers(labDocker ?? '', `claw.node=${node}`)
    await proxy.close()
  })

  const running = async (): Promise<number> => {
    const all = await other.json<{ state: string }[]>('workload', 'list')
    return all.filter(({ state }) => ['running', 'stopping'].includes(state)).length
  }

  /** What one prints is read again, and becomes more. */
  async function countingOn(): Promise<void> {
    const lines = async (): Promise<number> => linesOf((await other.cli('logs', 'counter-0')).stdout).length
    const had = await lines()
    await eventually('more is printed', 30_000, lines, (now) => now > had)
  }

  test('the engine goes away, the daemon is killed, both come back: all are adopted, and no line is lost or doubled', async () => {
    const followed = other.cli('logs', '-f', 'counter-0', 'counter-1')
    const inspected = (): Promise<{ workloads: { containerId: string; workloadId: string }[] }> =>
      other.json('node', 'invoke', 'host', 'workload.list')
    const before = await inspected()
    await proxy.cut()
    await sleep(1_500)
    await proxy.mend()
    await countingOn()
    await host.end('SIGKILL')
    await sleep(1_500)
    const since = performance.now()
    await host.start()
    const adopted = await eventually('all are adopted', 60_000, inspected, ({ workloads }) => {
      const ids = new Set(workloads.map(({ containerId }) => containerId))
      return before.workloads.every(({ containerId }) => ids.has(containerId))
    })
    console.log(
      `50 of ${adopted.workloads.length} containers were adopted in ${Math.round(performance.now() - since)} ms`,
    )
    await countingOn()
    writeFileSync(join(box, 'end'), '')
    await eventually('all have ended', 60_000, running, (left) => left === 0)
    for (let at = 0; at < count; at += 1) {
      const lines = linesOf((await other.cli('logs', `counter-${at}`)).stdout)
      expect(lines.length).toBeGreaterThan(10)
      expect(lines).toEqual(counted(lines))
    }
    const told = linesOf((await followed).stdout)
    for (const name of ['counter-0', 'counter-1']) {
      const own = told.filter((line) => line.startsWith(`${name} | `)).map((line) => line.slice(`${name} | `.length))
      expect(own).toEqual(counted(own))
      expect(own.length).toBeGreaterThan(10)
    }
  }, 240_000)

  test('their output outlives their containers', async () => {
    const { id } = await other.json<WorkloadInfo>('workload', 'info', 'counter-7')
    await removeContainers(labDocker ?? '', `claw.workload=${id}`)
    expect(await containersOf(id)).toEqual([])
    const lines = linesOf((await other.cli('logs', 'counter-7')).stdout)
    expect(lines.length).toBeGreaterThan(10)
    expect(lines).toEqual(counted(lines))
  })
})
