/** Deployments on real daemons, under requests all the time: new versions take over, bad ones are gone back from, and daemons die in between. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, eventually, freePort, Mesh, type StatusReply } from '../support/mesh.ts'
import { ask, ServiceLoad } from '../support/service-load.ts'

interface Status {
  readonly state: string
  readonly reason: string | null
  readonly revision: number
  readonly healthyReplicas: number
  readonly rollout: { readonly readyReplicas: number } | null
  readonly replicasByName: readonly Replica[]
}

interface Replica {
  readonly revision: number
  readonly ready: boolean
  readonly draining: boolean
  readonly node: string | null
}

/** A version is a word; what it ends in says what is wrong with it. */
const program = `
const { createServer } = require('node:http')
const version = process.argv[2]
const refuses = version.endsWith('unready')
const serves = version.endsWith('errors') ? 500 : 200
createServer(({ url }, response) => {
  response.statusCode = url === '/ready' ? (refuses ? 503 : 200) : serves
  response.end(version)
}).listen(process.env.PORT, '127.0.0.1')
if (version.endsWith('exits')) setTimeout(() => process.exit(3), 800)
`

const replicas = 2
const names = ['one', 'two', 'three']
const hostOf = (name: string): string => `127.0.0.${names.indexOf(name) + 1}`
let mesh: Mesh
let port: number
let script: string

beforeAll(async () => {
  mesh = new Mesh()
  for (const name of names) await mesh.add(name, { environment: { CLAWNODE_SERVICE_BIND: hostOf(name) } })
  await mesh.voters(3)
  script = join(mesh.directory, 'server.cjs')
  writeFileSync(script, program)
  port = await freePort()
  await call(mesh.get(0), 'deploy.create', {
    ...{ name: 'web', image: 'host', command: commandOf('first'), executor: 'process', replicas },
    ...{ service: port, ports: [8080], minReady: '1500ms', autoPromote: false },
    health: { readiness: { http: { path: '/ready' }, every: '500ms' } },
  })
  await reached(mesh.get(0), 1)
  for (const name of names)
    await eventually(
      `requests are taken at ${name}`,
      10_000,
      () => ask({ host: hostOf(name), port }),
      ({ status }) => status === 200,
    )
})

afterAll(async () => {
  await mesh.stop()
})

const commandOf = (version: string): readonly string[] => [process.execPath, script, version]

async function call<T>({ api, dataDir }: Daemon, operation: string, input: object): Promise<T> {
  const token = readFileSync(join(dataDir, 'api-token'), 'utf8').trim()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const reply = await fetch(`http://${api}/api/ops/${operation}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(input),
  })
  const body: unknown = await reply.json()
  if (!reply.ok) throw new Error(`${operation}: ${JSON.stringify(body)}`)
  return body as T
}

const status = (daemon: Daemon): Promise<Status> => call(daemon, 'deploy.status', { deployment: 'web' })

/** Answers at once with the number of the new revision. */
const update = async (daemon: Daemon, version: string, parts: object = {}): Promise<number> =>
  (await call<Status>(daemon, 'deploy.update', { deployment: 'web', command: commandOf(version), ...parts })).revision

const reached = (daemon: Daemon, revision: number): Promise<Status> =>
  eventually(
    `revision ${revision} is active`,
    60_000,
    () => status(daemon),
    (now) => now.state === 'active' && now.revision === revision && now.healthyReplicas === replicas,
  )

const serving = ({ replicasByName }: Status): readonly Replica[] =>
  replicasByName.filter((one) => one.ready && !one.draining)

/** Requests through these peers while something is done, and what was seen meanwhile. */
async function underLoad(
  peers: readonly Daemon[],
  act: () => Promise<void>,
  counts: (one: Replica) => boolean = () => true,
): Promise<Seen> {
  const [watched] = peers
  if (watched === undefined) throw new Error('requests need a peer')
  const load = new ServiceLoad(
    peers.map(({ name }) => hostOf(name)),
    port,
  )
  let isOver = false
  let fewest = Infinity
  const watching = (async () => {
    while (!isOver) {
      const now = await status(watched)
      fewest = Math.min(fewest, serving(now).filter(counts).length)
      await sleep(100)
    }
  })()
  try {
    await act()
    // Whoever goes last is stopped only now.
    await sleep(2_500)
  } finally {
    isOver = true
    await Promise.all([load.stop(), watching])
  }
  return { failures: load.failures, served: [...load.served.keys()], fewest }
}

interface Seen {
  readonly failures: ServiceLoad['failures']
  readonly served: readonly string[]
  /** Fewest replicas that were ready at a time, of those that count. */
  readonly fewest: number
}

const gates = { errorRate: 0.05, for: '2s' }

describe.each([
  { strategy: 'immediate', bad: 'exits', parts: {}, why: /failed \d times; the last was .* exit code 3/ },
  { strategy: 'rolling:1', bad: 'unready', parts: { progressDeadline: '3s' }, why: /is not ready: readiness/ },
  { strategy: 'canary:50', bad: 'errors', parts: { gates }, why: /requests to revision \d+ failed/ },
  { strategy: 'blue-green', bad: 'exits', parts: {}, why: /failed \d times; the last was .* exit code 3/ },
])('given $strategy', ({ strategy, bad, parts, why }) => {
  const isStaged = strategy === 'canary:50' || strategy === 'blue-green'

  test('a good version takes over, without a request that fails', async () => {
    const [one, two] = [mesh.get(0), mesh.get(1)]
    const version = `${strategy}-good`
    const seen = await underLoad([one, two], async () => {
      const revision = await update(one, version, { strategy, gates: null, progressDeadline: '1m' })
      if (isStaged) {
        const stage = strategy === 'blue-green' ? 'switched' : 'canary'
        await eventually(
          `it is ${stage}`,
          30_000,
          () => status(two),
          ({ state }) => state === stage,
        )
        await call(two, 'deploy.promote', { deployment: 'web' })
      }
      await reached(two, revision)
    })
    expect(seen.failures).toEqual([])
    expect(seen.served).toContain(version)
    expect(seen.fewest).toBeGreaterThanOrEqual(replicas)
    expect(await ask({ host: hostOf('three'), port })).toEqual({ status: 200, body: version })
  })

  test(`one that is bad (${bad}) is gone back from, and those who are served by the other one notice nothing`, async () => {
    const [one, two] = [mesh.get(0), mesh.get(1)]
    const before = await status(one)
    const version = `${strategy}-${bad}`
    const seen = await underLoad([one, two], async () => {
      await update(one, version, parts)
      const after = await reached(two, before.revision)
      expect(after.reason).toMatch(why)
    })
    expect(seen.failures.filter(({ body }) => body !== version || bad !== 'errors')).toEqual([])
    if (bad === 'errors') expect(seen.failures.length).toBeGreaterThan(0)
    expect(seen.fewest).toBeGreaterThanOrEqual(replicas)
    expect(await ask({ host: hostOf('three'), port })).toEqual({ status: 200, body: `${strategy}-good` })
  })
})

/** Kills its daemon while a version comes, has it back later, and wants those who ask the others to notice nothing of either. */
async function killedDuring(victim: Daemon, version: string, parts: object): Promise<Seen> {
  const others = mesh.daemons.filter((daemon) => daemon !== victim)
  const [survivor] = others
  if (survivor === undefined) throw new Error('no survivor')
  const isBad = version.endsWith('unready')
  const isHalfWay = ({ rollout, replicasByName }: Status, revision: number): boolean =>
    isBad ? replicasByName.some((one) => one.revision === revision && one.node !== null) : rollout?.readyReplicas === 1
  const isElsewhere = ({ node }: Replica): boolean => node !== victim.name
  const before = await status(survivor)
  const act = async (): Promise<void> => {
    const next = await update(survivor, version, { strategy: 'rolling:1', gates: null, ...parts })
    const now = (): Promise<Status> => status(survivor)
    await eventually('the rollout is half way', 30_000, now, (one) => isHalfWay(one, next))
    await victim.end('SIGKILL')
    await sleep(3_000)
    await victim.start()
    await reached(survivor, isBad ? before.revision : next)
  }
  const seen = await underLoad(others, act, isElsewhere)
  expect(seen.failures).toEqual([])
  // What the new version has on the host that was killed is what the others had one fewer for.
  const moved = serving(await status(survivor)).filter((one) => !isElsewhere(one)).length
  const kept = Math.min(serving(before).filter(isElsewhere).length, replicas - moved)
  expect(seen.fewest).toBeGreaterThanOrEqual(kept)
  const nodes = (): Promise<StatusReply> => survivor.json<StatusReply>('status')
  await eventually('all are well', 15_000, nodes, (all) => all.nodes.healthy === names.length)
  return seen
}

test('given a leader that is killed in the middle of a rollout, another one goes on where it was, and no request fails', async () => {
  const victim = await mesh.leader()
  await killedDuring(victim, 'after-leader', { progressDeadline: '1m' })
  expect(await ask({ host: hostOf(victim.name), port })).toEqual({ status: 200, body: 'after-leader' })
})

describe('given a worker with a replica that is killed in the middle of a rollout', () => {
  beforeAll(async () => {
    // Not two on one node, so that there is one elsewhere.
    const alone = { labels: { app: 'web' }, apart: ['app=web'] }
    await reached(mesh.get(0), await update(mesh.get(0), 'apart', { strategy: 'immediate', ...alone }))
  })

  async function servingWorker(): Promise<Daemon> {
    const leader = await mesh.leader()
    const nodes = serving(await status(leader)).map(({ node }) => node)
    const worker = mesh.daemons.find(({ name }) => name !== leader.name && nodes.includes(name))
    if (worker === undefined || new Set(nodes).size < replicas) throw new Error(`they are at ${nodes.join()}`)
    return worker
  }

  test('a good version takes over, and no request fails', async () => {
    const seen = await killedDuring(await servingWorker(), 'after-worker', { progressDeadline: '1m' })
    expect(seen.served).toContain('after-worker')
  })

  test('a bad one is gone back from, and no request fails', async () => {
    const seen = await killedDuring(await servingWorker(), 'worker-unready', { progressDeadline: '3s' })
    expect(seen.served).toEqual(['after-worker'])
  })
})

test.each([
  {
    what: 'that gets a taint which nothing there tolerates',
    away: async (one: Daemon, node: string) => void (await one.json('node', 'taint', node, 'fire=here:NoExecute')),
    back: ['taint', 'fire:NoExecute-'],
  },
  {
    what: 'that is drained',
    away: async (one: Daemon, node: string) => void (await one.json('node', 'drain', node, '--timeout', '30s')),
    back: ['uncordon'],
  },
])('given a node with a replica $what, another one takes its place first, and no request fails', async (given) => {
  const one = mesh.get(0)
  const node = (await status(one)).replicasByName.find((each) => each.ready)?.node ?? expect.fail('nothing is ready')
  const seen = await underLoad(mesh.daemons, async () => {
    await given.away(one, node)
    await eventually(
      'no replica is there any more, and all are ready elsewhere',
      60_000,
      () => status(one),
      ({ replicasByName }) =>
        replicasByName.every((each) => each.node !== node) &&
        replicasByName.filter(({ ready }) => ready).length === replicas,
    )
  })
  expect([seen.failures, seen.fewest >= replicas]).toEqual([[], true])
  const [verb = '', ...more] = given.back
  await one.json('node', verb, node, ...more)
})
