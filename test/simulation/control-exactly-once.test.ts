import fc from 'fast-check'
import { expect, test } from 'vitest'
import { snapshot } from '../../src/core/state/snapshot.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId } from '../../src/model/ids.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import type { ControlPeer } from '../support/control-peers.ts'
import { controlPeer, deadline } from '../support/control-peers.ts'
import { ada, admit, bob, cyd, found, newMember, token } from '../support/control-samples.ts'
import { FakeConsensus } from '../support/fake-consensus.ts'

const nodes = [ada, bob, cyd] as const

const plan = fc.record({
  seed: fc.integer(),
  loss: fc.double({ min: 0, max: 0.4, noNaN: true }),
  /** How long a peer may take to commit and to apply. Slow ones commit what was given up and sent again. */
  delay: fc.integer({ min: 5, max: 500 }),
  submissions: fc.array(
    fc.record({ on: fc.constantFrom(...nodes), at: fc.nat(4_000), within: fc.integer({ min: 50, max: 9_000 }) }),
    { minLength: 1, maxLength: 25 },
  ),
  elections: fc.array(
    fc.record({
      at: fc.nat(6_000),
      leader: fc.oneof(fc.constantFrom(...nodes), fc.constant(null)),
      isolated: fc.option(fc.constantFrom(...nodes)),
    }),
    { maxLength: 8 },
  ),
})

interface Attempt {
  readonly id: string
  readonly on: NodeId
  /** Null while it is not known. */
  result: { readonly index: number } | 'failed' | null
  /** Did the peer that asked have the operator when it was told that the command is done? */
  readOwnWrite: boolean
}

async function play({
  seed,
  loss,
  delay,
  submissions,
  elections,
}: typeof plan extends fc.Arbitrary<infer P> ? P : never) {
  const world = new World(seed)
  const network = simNetwork(world)
  const group = new FakeConsensus(world)
  group.voters = [...nodes]
  const peers = new Map<NodeId, ControlPeer>()
  for (const id of nodes)
    peers.set(id, await controlPeer(id, { network, join: (node, machine) => group.join(node, machine) }))
  await world.runFor(500)
  group.elect(ada)
  const running = [founded(peers.get(ada), world)]
  await world.runFor(500)

  network.faults.loss = loss
  group.delay = delay
  const attempts = submissions.map(({ on, at, within }, i): Attempt => {
    const attempt: Attempt = { id: `op-${i}`, on, result: null, readOwnWrite: false }
    world.after(at, () => running.push(added(attempt, peers.get(on), deadline(world, at + within))))
    return attempt
  })
  for (const { at, leader, isolated } of elections)
    world.after(at, () => {
      network.heal()
      if (isolated !== null) network.partition([isolated], nodes.filter((node) => node !== isolated)) // prettier-ignore
      group.elect(leader)
    })
  await world.runFor(7_000)
  network.heal()
  group.elect(bob)
  await world.runFor(10_000)
  await Promise.all(running)
  return { attempts, peers, bugs: network.bugs }
}

/** With the others as members: the leader takes nothing from whom it does not know. */
async function founded(peer: ControlPeer | undefined, world: World): Promise<void> {
  const commands = [found(), ...[bob, cyd].flatMap((id) => [token(`t-${id}`, 1e15), admit(`t-${id}`, newMember(id))])]
  for (const [i, command] of commands.entries())
    await peer?.control.execute(command, { id: `found-${i}`, by: ada, signal: deadline(world, 10_000) })
}

async function added(attempt: Attempt, peer: ControlPeer | undefined, signal: AbortSignal): Promise<void> {
  if (peer === undefined) return
  try {
    // A command that would show if it took effect twice: each time it is told.
    const command = { type: 'add-operator', key: nodeId(attempt.id), name: attempt.id } as const
    const { index } = await peer.control.execute(command, { id: `id-${attempt.id}`, by: 'socket', signal })
    attempt.result = { index }
    attempt.readOwnWrite = peer.control.state.operators.has(nodeId(attempt.id))
  } catch (error) {
    if (!ClawError.is(error, 'NO_LEADER') && !ClawError.is(error, 'DEADLINE_EXCEEDED')) throw error
    attempt.result = 'failed'
  }
}

test('whatever the network and the leaders do, an acknowledged command has taken effect exactly once, everywhere', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (scenario) => {
      const { attempts, peers, bugs } = await play(scenario)
      expect(bugs).toEqual([])
      const states = Array.from(peers.values(), ({ machine }) => machine.state)
      const [first] = states
      if (first === undefined) throw new Error('no peers')
      for (const other of states) expect(snapshot(other)).toEqual(snapshot(first))

      for (const { id, result, readOwnWrite } of attempts) {
        expect(result, `${id} has an end`).not.toBe(null)
        const effects = first.events.filter(({ message }) => message.startsWith(`Operator ${id} `))
        expect(effects.length, `${id} took effect at most once`).toBeLessThanOrEqual(1)
        if (result === 'failed' || result === null) continue
        expect(effects.length, `${id} took effect`).toBe(1)
        expect(readOwnWrite, `${id} was read where it was written`).toBe(true)
        expect(first.results.get(`id-${id}`)?.index).toBe(result.index)
      }
    }),
    { numRuns: 150 },
  )
})

test('with a leader and a network that work, every command succeeds', async () => {
  const submissions = Array.from({ length: 30 }, (_, i) => ({ on: nodes[i % 3] ?? ada, at: i, within: 1_000 }))
  const { attempts } = await play({ seed: 7, loss: 0, delay: 10, submissions, elections: [] })
  expect(attempts.filter(({ result }) => result === 'failed')).toEqual([])
})
