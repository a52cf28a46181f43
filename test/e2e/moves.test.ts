/** Work moves: off nodes that are closed to it, to where it is sent, after it has failed, and away from nodes that are gone. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, eventually, Mesh, type NodeRow, type StatusReply, type WorkloadInfo } from '../support/mesh.ts'

interface Info extends WorkloadInfo {
  readonly reason: string | null
  readonly history: readonly { readonly attempt: number; readonly node: string; readonly reason: string }[]
}

let mesh: Mesh

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
  await mesh.voters(3)
})

afterAll(async () => {
  await mesh.stop()
})

const info = (name: string, at = mesh.get(0)): Promise<Info> => at.json('workload', 'info', name)
const named = (name: string | null): Daemon => {
  const daemon = mesh.daemons.find((one) => one.name === name)
  if (daemon === undefined) throw new Error(`no daemon is called ${name}`)
  return daemon
}

/** Runs until it is stopped, on the host itself. */
const submit = (name: string, options: readonly string[] = [], script = 'sleep 300'): Promise<{ id: string }> =>
  mesh.get(0).json('run', '-d', '--name', name, '--stop-grace', '2s', ...options, 'host', '--', 'sh', '-c', script)

const runs = (name: string, attempt: number, at = mesh.get(0)): Promise<Info> =>
  eventually(
    `${name} runs as attempt ${attempt}`,
    20_000,
    () => info(name, at),
    (seen) => seen.state === 'running' && seen.attempt === attempt,
  )

describe('a node that is drained', () => {
  test('moves its work to another node, stays closed, and takes work again after undrain', async () => {
    await submit('train')
    const { node: home } = await runs('train', 1)
    const drained = await mesh.get(0).cli('node', 'drain', home ?? '', '--reason', 'new disks', '--timeout', '20s')
    expect(drained).toMatchObject({ code: 0, stdout: `${home} is drained (new disks) and has no work\n` })

    const moved = await runs('train', 2)
    expect(moved.node).not.toBe(home)
    expect(moved.history).toMatchObject([{ attempt: 1, node: home, reason: `evicted: ${home} is drained` }])
    await submit('late', ['--node', home ?? ''])
    expect(await info('late')).toMatchObject({ state: 'pending' })

    await mesh.get(1).json('node', 'undrain', home ?? '')
    expect(await runs('late', 1)).toMatchObject({ node: home })
    await Promise.all(['train', 'late'].map((name) => mesh.get(0).cli('stop', name)))
  })

  test('is left by what may run nowhere else too, which waits then', async () => {
    await submit('pinned', ['--node', 'two'])
    await runs('pinned', 1)
    await mesh.get(0).json('node', 'drain', 'two', '--force')
    expect(await info('pinned')).toMatchObject({ state: 'pending', node: null })
    await mesh.get(0).json('node', 'undrain', 'two')
    await mesh.get(0).cli('stop', 'pinned')
  })
})

describe('a daemon that is upgraded with --drain', () => {
  const program = fileURLToPath(new URL('../../dist/clawnode.js', import.meta.url))
  /** `clawnode upgrade --drain`; its restart is ours, as soon as it asks for it. */
  async function upgrade(daemon: Daemon): Promise<string> {
    const [asked, done] = ['asked', 'done'].map((name) => join(mesh.directory, `restart-${name}`))
    const restart = `touch ${asked}; until [ -e ${done} ]; do sleep 0.05; done`
    const words = ['upgrade', '--drain', '--data-dir', daemon.dataDir, '--restart-with', restart]
    const told = new Promise<string>((resolve, reject) => {
      execFile(process.execPath, [program, ...words], (error, stdout, stderr) =>
        error === null ? resolve(stdout + stderr) : reject(new Error(stderr, { cause: error })),
      )
    })
    await Promise.race([
      told,
      eventually(
        'a restart is asked for',
        30_000,
        () => Promise.resolve(existsSync(asked ?? '')),
        (isAsked) => isAsked,
      ),
    ])
    await daemon.end()
    await daemon.start()
    writeFileSync(done ?? '', '')
    return told
  }

  test('has its work elsewhere meanwhile, and takes work again after', async () => {
    await submit('keeps-on')
    const { node } = await runs('keeps-on', 1)
    const home = named(node)
    const told = await upgrade(home)
    expect(told).toContain(`restarting ${home.name}: touch`)
    expect(told).toMatch(new RegExp(`${home.name} runs build \\S+, as before$`, 'm'))

    const moved = await runs('keeps-on', 2)
    expect(moved.history).toMatchObject([{ node: home.name, reason: `evicted: ${home.name} is drained` }])
    await submit('comes-back', ['--node', home.name])
    expect(await runs('comes-back', 1)).toMatchObject({ node: home.name })
    await Promise.all(['keeps-on', 'comes-back'].map((name) => mesh.get(0).cli('stop', name)))
  })
})

/** Has work placed on this node and no other, without binding it there. */
async function only(home: Daemon, place: () => Promise<unknown>): Promise<void> {
  const others = mesh.daemons.filter((daemon) => daemon !== home).map(({ name }) => name)
  for (const name of others) await mesh.get(0).json('node', 'cordon', name)
  await place()
  for (const name of others) await mesh.get(0).json('node', 'uncordon', name)
}

test('a NoExecute taint moves work, but not what tolerates it', async () => {
  await only(mesh.get(1), async () => {
    await submit('moves')
    await submit('stays', ['--toleration', 'fire'])
    await Promise.all([runs('moves', 1), runs('stays', 1)])
  })
  await mesh.get(0).json('node', 'taint', 'two', 'fire=here:NoExecute')
  const moved = await runs('moves', 2)
  expect(moved.node).not.toBe('two')
  expect(moved.history).toMatchObject([{ node: 'two', reason: 'evicted: two has the taint fire=here:NoExecute' }])
  expect(await info('stays')).toMatchObject({ state: 'running', attempt: 1, node: 'two' })
  expect(await mesh.get(2).json('node', 'taint', 'two', 'fire:NoExecute-')).toMatchObject({ taints: [] })
  await Promise.all(['moves', 'stays'].map((name) => mesh.get(0).cli('stop', name)))
})

test('a workload migrates to the node that is named, and is not sent where it can never run', async () => {
  await submit('roams', ['--gpus', '1'])
  const { node: home } = await runs('roams', 1)
  const to = mesh.daemons.find(({ name }) => name !== home)?.name ?? ''
  await mesh.get(2).json('workload', 'migrate', 'roams', '--to', to)
  expect(await runs('roams', 2)).toMatchObject({ node: to })
  await mesh.get(0).json('node', 'cordon', home ?? '')
  const refused = await mesh.get(0).cli('workload', 'migrate', 'roams', '--to', home ?? '')
  expect(refused.code).toBe(5)
  expect(refused.stderr).toContain(`roams can go nowhere: ${home}`)
  await mesh.get(0).json('node', 'uncordon', home ?? '')
  await mesh.get(0).cli('stop', 'roams')
})

test('what fails is tried again with longer and longer pauses, and ends with its history', async () => {
  await submit('fails', ['--restart', 'on-failure:2', '--retry-backoff', '300ms'], 'exit 7')
  const ended = await eventually(
    'it has failed for good',
    20_000,
    () => info('fails'),
    ({ state }) => state === 'failed',
  )
  expect(ended).toMatchObject({ attempt: 3, exitCode: 7, error: { code: 'NONZERO_EXIT' } })
  expect(ended.history.map(({ attempt, reason }) => [attempt, reason])).toEqual([
    [1, 'retry 1 of 2'],
    [2, 'retry 2 of 2'],
  ])
})

/** Ends the tasks of a daemon, whose folders are below its own. */
function killTasks({ dataDir }: Daemon): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const isOurs =
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${dataDir}/`) ||
        readlinkSync(`/proc/${pid}/cwd`).startsWith(`${dataDir}/`)
      if (isOurs) process.kill(Number(pid), 'SIGKILL')
    } catch (error) {
      if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
}

test('work that may be replaced runs elsewhere after its host has died', async () => {
  const leader = await mesh.leader()
  const victim = mesh.daemons.find((daemon) => daemon !== leader) ?? leader
  await only(victim, async () => {
    await submit('survivor', ['--on-partition', 'replace'])
    await runs('survivor', 1)
  })

  await victim.end('SIGKILL')
  killTasks(victim)
  const again = await runs('survivor', 2, leader)
  expect(again.node).not.toBe(victim.name)
  expect(again.history).toMatchObject([{ attempt: 1, reason: `${victim.name} was lost` }])
  await victim.start()
  await eventually(
    'it is healthy again',
    15_000,
    () => leader.json<NodeRow[]>('node', 'list'),
    (rows) => rows.every(({ status }) => status === 'healthy'),
  )
  await leader.cli('stop', 'survivor')
})

describe('the lead', () => {
  interface Voter {
    readonly name: string
    readonly role: string
    readonly lag: number | null
  }

  test('moves to the voter that is named, from any peer', async () => {
    await mesh.voters(3)
    const leader = await mesh.leader()
    const [to, from] = mesh.daemons.filter((daemon) => daemon !== leader)
    await from?.json('gateway', 'transfer', to?.name ?? '')
    expect(await mesh.leader()).toBe(to)
    const voters = await eventually(
      'all voters are known to the new leader',
      5_000,
      () => mesh.get(0).json<Voter[]>('gateway', 'voters'),
      (rows) => rows.every(({ lag }) => lag === 0),
    )
    expect(voters.map(({ name }) => name).toSorted()).toEqual(['one', 'three', 'two'])
    expect(voters.find(({ role }) => role === 'leader')?.name).toBe(to?.name)
  })

  test('is handed over by a leader that is stopped, so that nobody waits for a time-out', async () => {
    const leader = await mesh.leader()
    const [other] = mesh.daemons.filter((daemon) => daemon !== leader)
    if (other === undefined) throw new Error('three daemons are there')
    const stopped = leader.end('SIGTERM')
    const asked = performance.now()
    const written = await other.cli('node', 'label', other.name, 'written=yes')
    const took = Math.round(performance.now() - asked)
    expect(written.code).toBe(0)
    await stopped
    const { leader: next } = await other.json<StatusReply>('status')
    expect([null, leader.name]).not.toContain(next)
    expect(leader.log).toContain('handed the lead over before stopping')
    process.stdout.write(`a write through another peer while the leader stopped took ${took} ms\n`)
    await named(leader.name).start()
  })

  test('and its voters are known to a peer without a vote', async () => {
    await mesh.voters(3)
    const learner = await mesh.add('four', {})
    const status = await eventually(
      'it knows them',
      10_000,
      () => learner.json<{ role: string; voters: readonly string[] }>('gateway', 'status'),
      ({ voters }) => voters.length === 3,
    )
    expect(status.role).toBe('learner')
  })
})
