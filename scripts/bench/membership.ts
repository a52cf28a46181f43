/**
 * What the membership plane costs, and how soon capacity is visible. Many nodes in one process and in virtual time, with the real
 * services, codecs and Ed25519 signatures; CPU is that of the whole process, the simulated network's share included.
 *
 *     node scripts/bench/run.mjs membership [largest mesh]
 */
import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import type { NodeId } from '../../src/model/ids.ts'
import { second } from '../../src/model/time.ts'
import type { Keys, MeshNode } from '../../test/support/member-mesh.ts'
import { MemberMesh } from '../../test/support/member-mesh.ts'
import { figure, round, spread } from './figures.ts'

const largest = Number(process.argv[2] ?? 1_000)

/** In meshes of more nodes than this each is connected to twenty others, not to all. */
const denseUpTo = 64

/** Milliseconds of CPU that libp2p takes besides for each delivery, over TCP with noise and yamux, measured apart. */
const libp2pCost = { gossip: 2, single: 0.1 }

/** Checking signatures is left out while a mesh is built: a thousand nodes check a million of them before anything is measured. */
let isMeasuring = false

function realKeys(): Keys {
  const pairs = new Map<NodeId, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>()
  const pairOf = (id: NodeId): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } => {
    const pair = pairs.get(id) ?? generateKeyPairSync('ed25519')
    pairs.set(id, pair)
    return pair
  }
  const covered = (tag: string, scope: string, bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(`${tag}\0${scope}\0`), bytes])
  return {
    signer: (id) => ({
      id,
      sign: (tag, scope, bytes) => sign(null, covered(tag, scope, bytes), pairOf(id).privateKey),
    }),
    verifier: {
      verify: (...[by, tag, scope, bytes, signature]) =>
        !isMeasuring || verify(null, covered(tag, scope, bytes), pairOf(by).publicKey, signature),
      verifyWith: () => false,
      verifyText: () => false,
    },
  }
}

/** Each node a neighbour of the next ten of a ring, and of ten more that a fixed stride picks. */
function sparse(nodes: number): (a: NodeId, b: NodeId) => boolean {
  const position = (id: NodeId): number => Number(id.slice(-4))
  const isForward = (from: number, to: number): boolean => {
    const distance = (to - from + nodes) % nodes
    return distance <= 5 || (distance % 97 === 0 && distance <= 5 * 97)
  }
  return (a, b) => isForward(position(a), position(b)) || isForward(position(b), position(a))
}

async function mesh(nodes: number): Promise<MemberMesh> {
  isMeasuring = false
  const made = new MemberMesh(nodes, { keys: realKeys() })
  if (nodes > denseUpTo) made.network.restrict(sparse(nodes))
  await made.start(nodes)
  await made.world.runFor(20 * second)
  isMeasuring = true
  return made
}

/** Some load that comes and goes on every tenth node. */
function stir({ world, nodes }: MemberMesh): void {
  let at = 0
  for (const node of nodes.values()) {
    at += 1
    if (at % 10 !== 0) continue
    const utilization = Math.floor(world.next() * 100)
    node.content = { ...node.content, gpus: node.content.gpus.map((gpu) => ({ ...gpu, utilization })) }
  }
}

async function cpuPerNode(made: MemberMesh): Promise<void> {
  const nodes = made.nodes.size
  const seconds = nodes > 500 ? 10 : 60
  const [sent, gossipedBefore] = [{ ...made.network.sent }, gossiped(made)]
  const start = process.cpuUsage()
  for (let passed = 0; passed < seconds; passed += 2) {
    stir(made)
    await made.world.runFor(2 * second)
  }
  const { user, system } = process.cpuUsage(start)
  const perNodeSecond = 1 / (nodes * seconds)
  const simulated = ((user + system) / 1_000) * perNodeSecond
  const gossip = (gossiped(made) - gossipedBefore) * perNodeSecond
  const single = (made.network.sent.single - sent.single) * perNodeSecond
  figure('membership cpu per node', '% of a core', {
    nodes,
    simulated: round(simulated / 10),
    withLibp2p: round((simulated + gossip * libp2pCost.gossip + single * libp2pCost.single) / 10),
    gossipPerSecond: round(gossip),
    messagesPerSecond: round(single),
    falselyLost: made.history.filter(({ at, liveness }) => at > 20 * second && liveness === 'lost').length,
    rssMib: Math.round(process.memoryUsage().rss / 1_048_576),
  })
}

/** Reports that nodes have received by gossip, each counted once a node. */
const gossiped = ({ nodes }: MemberMesh): number =>
  nodes
    .values()
    .reduce((sum, { counts }) => sum + (counts.get('claw_capacity_reports_total gossip accept new') ?? 0), 0)

/** From a change on one node until each of the others has seen it. */
async function visibility(made: MemberMesh): Promise<void> {
  const samples: number[] = []
  const nodes = made.nodes.size
  const rounds = nodes > 500 ? 5 : 30
  for (let change = 0; change < rounds; change += 1) {
    const node = made.node((change * 13) % nodes)
    await made.world.runFor(2 * second)
    samples.push(...(await timesToSee(made, node)))
  }
  figure('capacity visible on a peer', 'ms, virtual', { nodes, ...spread(samples) })
}

async function timesToSee({ world, nodes }: MemberMesh, node: MeshNode): Promise<readonly number[]> {
  const isBusy = node.content.busy.length > 0
  const since = world.elapsed()
  const samples: number[] = []
  const others = [...nodes.values()].filter(({ id }) => id !== node.id)
  const stops = others.map(({ service }) => {
    let seen = false
    return service.onChange(({ node: of, report }) => {
      if (seen || of !== node.id || report === null || report.busy.length > 0 === isBusy) return
      seen = true
      samples.push(world.elapsed() - since)
    })
  })
  node.content = { ...node.content, busy: isBusy ? [] : [node.content.gpus[0]?.uuid ?? ''] }
  node.service.refresh()
  await world.runUntil(() => samples.length === others.length, 120 * second)
  for (const stop of stops) stop()
  return samples
}

for (const nodes of [3, 10, 30, 100, 1_000].filter((count) => count <= largest)) {
  const made = await mesh(nodes)
  await cpuPerNode(made)
  await visibility(made)
}
