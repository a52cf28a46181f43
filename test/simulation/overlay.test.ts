/** Addresses of the overlay while the mesh falls apart and comes together again: whoever was told that it has one, has it alone. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Command } from '../../src/core/state/types.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId } from '../../src/model/ids.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import type { ControlPeer } from '../support/control-peers.ts'
import { controlPeer, deadline } from '../support/control-peers.ts'
import { ada, admit, bob, cyd, found, newMember, token } from '../support/control-samples.ts'
import { FakeConsensus } from '../support/fake-consensus.ts'
import { enableOverlay, joinOverlay } from '../support/overlay-samples.ts'

const nodes = [ada, bob, cyd, nodeId('dan'), nodeId('eve')] as const

const plan = fc.record({
  seed: fc.integer(),
  loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
  joins: fc.array(
    fc.record({ on: fc.constantFrom(...nodes), at: fc.nat(6_000), leaves: fc.nat(4).map((n) => n === 0) }),
    { minLength: 5, maxLength: 40 },
  ),
  /** Two nodes are cut off, and one of the others leads. */
  cuts: fc.array(fc.record({ at: fc.nat(6_000), few: fc.subarray([...nodes], { minLength: 2, maxLength: 2 }) }), {
    maxLength: 5,
  }),
})

async function play({ seed, loss, joins, cuts }: typeof plan extends fc.Arbitrary<infer P> ? P : never) {
  const world = new World(seed)
  const network = simNetwork(world)
  const group = new FakeConsensus(world)
  group.voters = [...nodes]
  const peers = new Map<NodeId, ControlPeer>()
  for (const id of nodes)
    peers.set(id, await controlPeer(id, { network, join: (node, machine) => group.join(node, machine) }))
  await world.runFor(500)
  group.elect(ada)
  let count = 0
  const execute = async (on: NodeId, command: Command): Promise<boolean> => {
    count += 1
    const options = { id: `c${count}`, by: on, signal: deadline(world, 3_000) }
    return (peers.get(on)?.control.execute(command, options) ?? Promise.reject(new Error('no peer'))).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ClawError) return false
        throw error
      },
    )
  }
  const founding = [
    found(),
    ...nodes.slice(1).flatMap((id) => [token(`t-${id}`, 1e15), admit(`t-${id}`, newMember(id))]),
    enableOverlay(),
  ]
  const begun = founding.reduce<Promise<unknown>>(
    (before, command) => before.then(() => execute(ada, command)),
    Promise.resolve(),
  )
  await world.runFor(3_000)
  await begun

  network.faults.loss = loss
  const told: { readonly node: NodeId; readonly slot: number }[] = []
  const running: Promise<void>[] = []
  for (const { on, at, leaves } of joins)
    world.after(at, () => {
      const command: Command = leaves ? { type: 'leave-overlay', node: on } : joinOverlay(on)
      const done = execute(on, command).then((isDone) => {
        const slot = peers.get(on)?.control.state.overlay?.nodes.get(on)?.slot
        if (isDone && slot !== undefined) told.push({ node: on, slot })
      })
      running.push(done)
    })
  for (const { at, few } of cuts)
    world.after(at, () => {
      const many = nodes.filter((node) => !few.includes(node))
      network.heal()
      network.partition(few, many)
      group.elect(many[0] ?? null)
    })
  await world.runFor(8_000)
  network.heal()
  group.elect(bob)
  await world.runFor(10_000)
  await Promise.all(running)
  return { told, peers, bugs: network.bugs }
}

test('no two nodes are ever told the same address, and none is told another one later, on whichever side of a cut it was', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (scenario) => {
      const { told, peers, bugs } = await play(scenario)
      expect(bugs).toEqual([])
      const owners = new Map<number, NodeId>()
      for (const { node, slot } of told)
        expect(owners.get(slot) ?? node, `slot ${slot}`).toBe(owners.set(slot, node).get(slot))
      expect(new Set(owners.values()).size).toBe(owners.size)
      const [first, ...others] = Array.from(peers.values(), ({ machine }) => machine.state.overlay)
      for (const other of others) expect(other).toEqual(first)
      for (const [slot, node] of owners) expect(first?.nodes.get(node)?.slot).toBe(slot)
    }),
    { numRuns: 100 },
  )
}, 60_000)
