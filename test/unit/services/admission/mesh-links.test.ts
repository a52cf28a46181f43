import { expect, test } from 'vitest'
import { smallMesh } from '../../../../src/core/admission/wanted-links.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { type NodeId, nodeId } from '../../../../src/model/ids.ts'
import { silent } from '../../../../src/ports/log.ts'
import { MeshLinksService } from '../../../../src/services/admission/mesh-links.ts'
import { World } from '../../../../src/simulation/world.ts'

const members = Array.from({ length: 2 * smallMesh }, (_, i) => nodeId(`node-${String(i).padStart(2, '0')}`))
const [self, ...others] = members as [NodeId, ...NodeId[]]

type Reach = 'answers' | 'refuses' | 'silent'

/** A node of a mesh that is too large to know everybody, and all dials that it made. */
function node(reach: (peer: NodeId) => Reach = () => 'answers') {
  const world = new World(1)
  const listeners = new Set<(change: { peer: NodeId; up: boolean; reset: boolean }) => void>()
  const up = new Set<NodeId>()
  const dials: NodeId[] = []
  const known = { voters: [] as readonly NodeId[] }
  const links = new MeshLinksService({
    peers: {
      self,
      up: () => [...up],
      onChange(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      addresses: () => [],
      disconnect: () => Promise.resolve(),
      connect(peer, _, signal) {
        dials.push(peer)
        const down = new ClawError('NODE_UNREACHABLE', { node: peer, detail: 'down' })
        if (reach(peer) === 'refuses') return Promise.reject(down)
        if (reach(peer) === 'silent')
          return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(down)))
        up.add(peer)
        for (const listener of listeners) listener({ peer, up: true, reset: false })
        return Promise.resolve()
      },
    },
    members: () => members,
    voters: () => known.voters,
    addressesOf: () => [],
    ...{ clock: world, random: world, log: silent },
  })
  return { world, up, dials, known, links }
}

test('given a large mesh, when other voters are chosen, then each of them is dialled though no ring leads to it', async () => {
  const { world, up, known, links } = node()
  await links.start()
  await world.runFor(20_000)
  const byRing = new Set(up)
  expect(byRing.size).toBeLessThan(10)

  const voters = others.filter((peer) => !byRing.has(peer)).slice(0, 5)
  known.voters = voters
  await world.runFor(20_000)
  expect([...up].filter((peer) => !byRing.has(peer)).toSorted()).toEqual(voters)
  await links.stop()
})

test('given a large mesh, when this node becomes a voter, then it is linked to everybody', async () => {
  const { world, up, known, links } = node()
  known.voters = [self]
  await links.start()
  await world.runFor(60_000)
  expect([...up].toSorted()).toEqual(others)
  await links.stop()
})

test('given a voter that cannot be reached, then it is dialled less and less often, and the others are linked meanwhile', async () => {
  const [dead, ...living] = others.slice(0, 5) as [NodeId, ...NodeId[]]
  const { world, up, dials, known, links } = node((peer) => (peer === dead ? 'refuses' : 'answers'))
  known.voters = [dead, ...living]
  await links.start()
  await world.runFor(120_000)
  for (const peer of living) expect(up.has(peer)).toBe(true)
  const tries = dials.filter((peer) => peer === dead).length
  expect(tries).toBeGreaterThan(4)
  expect(tries).toBeLessThan(20)
  await links.stop()
})

test('given many members that do not even refuse, then the living are linked meanwhile', async () => {
  const silentOnes = new Set(others.slice(0, 20))
  const { world, up, known, links } = node((peer) => (silentOnes.has(peer) ? 'silent' : 'answers'))
  known.voters = [self]
  await links.start()
  await world.runFor(20_000)
  expect([...up].toSorted()).toEqual(others.slice(20))
  await links.stop()
})

test('given a partition that lasted, when the first peer beyond it is linked again, then the others are within seconds', async () => {
  const beyond = new Set(others.slice(0, 20))
  let isHealed = false
  const { world, up, known, links } = node((peer) => (beyond.has(peer) && !isHealed ? 'refuses' : 'answers'))
  known.voters = [self]
  await links.start()
  await world.runFor(300_000)
  expect(up.size).toBe(others.length - beyond.size)

  isHealed = true
  while (up.size === others.length - beyond.size) await world.runFor(500)
  await world.runFor(6_000)
  expect(up.size).toBe(others.length)
  await links.stop()
})
