import { beforeEach, describe, expect, test } from 'vitest'
import { encodeCommand } from '../../../../src/core/state/entry.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Executed, GatewayStatus } from '../../../../src/services/control/types.ts'
import { simNetwork } from '../../../../src/simulation/network.ts'
import type { SimNetwork } from '../../../../src/simulation/network.ts'
import { World } from '../../../../src/simulation/world.ts'
import { executeCommand } from '../../../../src/wire/control.ts'
import type { ControlPeer } from '../../../support/control-peers.ts'
import { controlPeer, deadline } from '../../../support/control-peers.ts'
import { ada, admit, bob, cyd, found, inventory, newMember, submit, token } from '../../../support/control-samples.ts'
import { FakeConsensus } from '../../../support/fake-consensus.ts'

let world: World
let network: SimNetwork
let group: FakeConsensus
let peers: Map<NodeId, ControlPeer>

const peer = (id: NodeId): ControlPeer => {
  const found = peers.get(id)
  if (found === undefined) throw new Error(`no peer ${id}`)
  return found
}

/** Plays the world until the promise has settled. */
async function played<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = (): void => {
    isSettled = true
  }
  promise.then(settled, settled)
  await world.runUntil(() => isSettled, 60_000)
  return promise
}

let commands = 0
const execute = (on: NodeId, command: Command, id = `c${(commands += 1)}`, ms = 5_000): Promise<Executed> =>
  peer(on).control.execute(command, { id, by: 'socket', signal: deadline(world, ms) })
const run = (on: NodeId, command: Command, id?: string): Promise<Executed> => played(execute(on, command, id))

beforeEach(async () => {
  world = new World(1)
  network = simNetwork(world)
  group = new FakeConsensus(world)
  group.voters = [ada, bob, cyd]
  peers = new Map()
  for (const id of group.voters)
    peers.set(id, await controlPeer(id, { network, join: (node, machine) => group.join(node, machine) }))
  await world.runFor(500)
  group.elect(ada)
  await run(ada, found())
})

describe('execute', () => {
  test('on the leader returns the index and the value once it is applied there', async () => {
    const { index, value } = await run(ada, submit('wl-a'))
    expect(value).toEqual({ workload: 'wl-a' })
    expect(peer(ada).machine.state.results.get('c2')?.index).toBe(index)
  })

  test('on a follower goes through the leader, and the follower reads its own write', async () => {
    await run(bob, submit('wl-a'))
    expect(peer(bob).control.state.workloads.get(workloadId('wl-a'))?.submittedBy).toBe('socket')
  })

  test('throws the failure of a refusal, with its facts, wherever it was asked', async () => {
    await run(ada, submit('wl-a', {}, 'train'))
    for (const node of [ada, bob])
      await expect(run(node, submit('wl-b', {}, 'train'))).rejects.toMatchObject({
        code: 'NAME_TAKEN',
        facts: { name: 'train' },
      })
  })

  test('with the same id takes effect once, whoever is asked', async () => {
    const first = await run(bob, submit('wl-a'), 'same')
    group.elect(cyd)
    expect(await run(ada, submit('wl-a'), 'same')).toEqual(first)
    expect(peer(ada).control.state.events.filter(({ type }) => type === 'workload.submitted')).toHaveLength(1)
  })

  test('commands at the same time share round trips instead of waiting for each other', async () => {
    const started = world.elapsed()
    const all = Promise.all(Array.from({ length: 200 }, (_, i) => execute(ada, submit(`wl-${i}`))))
    expect(await played(all)).toHaveLength(200)
    expect(world.elapsed() - started).toBeLessThan(3 * group.delay)
  })

  test('waits for a leader while there is none, and goes to the new one', async () => {
    group.elect(null)
    const executed = execute(bob, submit('wl-a'))
    await world.runFor(1_000)
    group.elect(cyd)
    expect((await played(executed)).value).toEqual({ workload: 'wl-a' })
  })

  test('says NO_LEADER when the time is up and nobody leads', async () => {
    group.elect(null)
    await expect(run(bob, submit('wl-a'))).rejects.toMatchObject({ code: 'NO_LEADER' })
  })

  test('says DEADLINE_EXCEEDED when the leader cannot be reached in time', async () => {
    network.partition([bob], [ada, cyd])
    await expect(played(execute(bob, submit('wl-a'), 'c', 700))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      facts: { what: 'the command submit' },
    })
  })

  test('ends when the service stops', async () => {
    group.elect(null)
    const executed = execute(bob, submit('wl-a'))
    await world.runFor(10)
    await Promise.all([peer(bob).control.stop(), expect(played(executed)).rejects.toMatchObject({ code: 'NO_LEADER' })])
  })
})

describe('decree', () => {
  const note = (reason: string) => ({ type: 'note-wait', workload: workloadId('wl-a'), reason }) as const
  const decree = (on: NodeId, command: Command): Promise<Executed> =>
    peer(on).control.decree(command, { id: `d${(commands += 1)}`, by: on, signal: deadline(world, 5_000) })

  test('on the leader, when it commits a command, then it returns once that is applied there', async () => {
    await run(ada, submit('wl-a'))
    const { index } = await played(decree(ada, note('no room')))
    expect(peer(ada).control.state.index).toBeGreaterThanOrEqual(index)
    expect(peer(ada).control.state.decisions.get(workloadId('wl-a'))?.at(-1)?.message).toContain('no room')
  })

  test('throws the failure of a refusal', async () => {
    await expect(played(decree(ada, note('no room')))).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
  })

  test('on a peer that does not lead nothing is proposed, nor is it on its way when that one leads', async () => {
    const before = group.log.length
    await expect(played(decree(bob, note('no room')))).rejects.toMatchObject({ code: 'NO_LEADER' })
    group.elect(bob)
    await world.runFor(2_000)
    expect(group.log.slice(before).filter(({ payload }) => payload !== null)).toEqual([])
  })

  test('given the lead is lost on the way, when it comes back, then it was not tried again', async () => {
    await run(ada, submit('wl-a'))
    const decreed = decree(ada, note('no room'))
    group.elect(bob)
    await expect(played(decreed)).rejects.toMatchObject({ code: 'NO_LEADER' })
    const after = group.log.length
    group.elect(ada)
    await world.runFor(2_000)
    expect(group.log.slice(after).filter(({ payload }) => payload !== null)).toEqual([])
  })

  test('ends with the reason of its signal', async () => {
    await run(ada, submit('wl-a'))
    const stopped = new AbortController()
    const decreed = peer(ada).control.decree(note('no room'), { id: 'd', by: ada, signal: stopped.signal })
    stopped.abort(new ClawError('NO_LEADER', { detail: 'this peer leads no more' }))
    await expect(played(decreed)).rejects.toBe(stopped.signal.reason)
  })
})

describe('what a peer may have committed', () => {
  const forward = (from: NodeId, command: Command, by: string = from): Promise<unknown> =>
    played(
      network
        .host(from)
        .rpc.call(ada, executeCommand, { id: 'f', by, command: encodeCommand(command) }, deadline(world, 1_000)),
    )
  const placement = placementId(workloadId('wl-a'), 1)

  test.each<[string, Command]>([
    ['a claim for another node', { type: 'claim', placement, node: cyd }],
    ['a report for another node', { type: 'report-running', placement, node: cyd, startedAt: 1 }],
    ['another node’s inventory', { type: 'report-inventory', node: cyd, inventory: inventory(cyd, 1) }],
    ['another node’s addresses', { type: 'update-member', node: cyd, addresses: [] }],
    [
      'a placement',
      { type: 'place', workload: workloadId('wl-a'), attempt: 1, node: bob, devices: [], executor: 'docker' },
    ],
    ['a liveness record', { type: 'record-liveness', node: cyd, liveness: 'lost' }],
    ['a pruning', { type: 'prune', workloads: [] }],
    ['a sealed key', { type: 'seal-mesh-key', node: bob, sealedKey: 'eA==' }],
  ])('never %s', async (_, command) => {
    await expect(forward(bob, command)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('but its own inventory, labels of any node, and newcomers', async () => {
    await run(ada, token('t', world.now() + 60_000))
    await expect(run(bob, admit('t', newMember(bob)))).resolves.toMatchObject({ value: { node: bob } })
    await run(bob, { type: 'report-inventory', node: bob, inventory: inventory(bob, 1) })
    await run(bob, { type: 'update-member', node: ada, labels: { zone: 'a' } })
    expect(peer(bob).control.state.members.get(bob)?.inventory?.gpus).toHaveLength(1)
    expect(peer(bob).control.state.members.get(ada)?.labels).toEqual({ zone: 'a' })
  })

  test('and nothing that cannot be read', async () => {
    const garbage = { id: 'f', by: 'x', command: Uint8Array.of(1, 2, 3) }
    const call = network.host(bob).rpc.call(ada, executeCommand, garbage, deadline(world, 1_000))
    await expect(played(call)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test('a peer that does not lead says so', async () => {
    const request = { id: 'f', by: 'x', command: encodeCommand(submit('wl-a')) }
    const call = network.host(bob).rpc.call(cyd, executeCommand, request, deadline(world, 1_000))
    await expect(played(call)).rejects.toMatchObject({ code: 'NO_LEADER' })
  })

  test('what the leader alone decides is dropped by one that leads no more', async () => {
    await expect(run(bob, { type: 'prune', workloads: [] })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

describe('fresh', () => {
  test('linearizable waits for everything that was acknowledged before', async () => {
    await run(ada, submit('wl-a'))
    await played(peer(cyd).control.fresh('linearizable', deadline(world, 1_000)))
    expect(peer(cyd).control.state.workloads.has(workloadId('wl-a'))).toBe(true)
  })

  test('works over entries that no machine sees', async () => {
    group.elect(bob)
    await played(peer(bob).control.fresh('linearizable', deadline(world, 1_000)))
    await played(peer(ada).control.fresh('linearizable', deadline(world, 1_000)))
    expect(peer(ada).control.status().applied).toBe(group.log.length)
  })

  test('an index that is never reached ends with the deadline, stale returns at once', async () => {
    const never = peer(bob).control.fresh({ atLeast: 9_999 }, deadline(world, 300))
    await expect(played(never)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    group.elect(null)
    await expect(peer(bob).control.fresh('stale', deadline(world, 1))).resolves.toBeUndefined()
    const blind = peer(bob).control.fresh('linearizable', deadline(world, 300))
    await expect(played(blind)).rejects.toMatchObject({ code: 'NO_LEADER' })
  })
})

describe('who leads', () => {
  test('a new leader is told only when it has applied what was committed before', async () => {
    group.delay = 200
    const executed = execute(ada, submit('wl-a'))
    await world.runUntil(() => group.log.some(({ payload }, i) => i > 1 && payload !== null), 1_000)
    const seen: [GatewayStatus['role'], boolean][] = []
    peer(bob).control.onRole(({ role }) => seen.push([role, peer(bob).control.state.workloads.has(workloadId('wl-a'))]))
    group.elect(bob)
    await world.runUntil(() => seen.length > 0, 5_000)
    expect(seen).toEqual([['leader', true]])
    await played(executed)
  })

  test('losing the lead is told at once', () => {
    const roles: GatewayStatus['role'][] = []
    peer(ada).control.onRole(({ role }) => roles.push(role))
    group.elect(bob)
    expect(roles).toEqual(['follower'])
  })
})

describe('removing a voter', () => {
  beforeEach(async () => {
    for (const id of [bob, cyd]) {
      await run(ada, token(`t-${id}`, world.now() + 60_000))
      await run(ada, admit(`t-${id}`, newMember(id)))
    }
  })

  test('takes its vote before its membership', async () => {
    await run(bob, { type: 'remove-member', node: cyd, force: false })
    expect(group.voterChanges).toEqual([{ add: null, remove: cyd }])
    expect(peer(bob).control.state.members.has(cyd)).toBe(false)
  })

  test('hands over the lead when it is the leader that goes', async () => {
    await run(ada, { type: 'remove-member', node: ada, force: false })
    expect(group.leader).not.toBe(ada)
    expect(group.voterChanges).toEqual([{ add: null, remove: ada }])
    expect(peer(bob).control.state.members.has(ada)).toBe(false)
  })

  test('is refused when too few of the others would answer', async () => {
    group.silent.set(bob, 60_000)
    const removal = run(ada, { type: 'remove-member', node: cyd, force: true })
    await expect(removal).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(group.voterChanges).toEqual([])
    expect(peer(ada).control.state.members.has(cyd)).toBe(true)
  })

  test('keeps the vote of one that may not be removed', async () => {
    const busy = { type: 'remove-member', node: 'eve' as NodeId, force: false } as const
    await expect(run(ada, busy)).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
    expect(group.voterChanges).toEqual([])
  })
})

describe('a snapshot', () => {
  test('taken over tells what may have changed and answers those who waited', async () => {
    group.delay = 1_000
    const executed = execute(ada, submit('wl-a'))
    const changed: string[] = []
    peer(bob).control.onChange((changes) => changed.push(...changes.map(({ type }) => type)))
    await world.runUntil(() => peer(ada).control.state.workloads.size > 0, 5_000)
    const { state } = peer(bob).machine
    group.sendSnapshot(ada, bob)
    expect(changed).toEqual(expect.arrayContaining(['mesh', 'member', 'workload']))
    expect(peer(bob).machine.state).toBe(state)
    expect(state.workloads.size).toBe(1)
    await played(executed)
  })
})

describe('an entry that a peer must not apply', () => {
  test('stops it there: what comes after is not applied either, and it says why', async () => {
    await run(ada, submit('wl-a'))
    await played(peer(ada).consensus.propose(Uint8Array.of(1, 2, 3)))
    await world.runFor(1_000)
    const { index } = peer(ada).machine.state
    const outdated = { code: 'VERSION_UNSUPPORTED' }
    expect(peer(ada).control.outdated).toMatchObject(outdated)
    expect(peer(ada).metrics.gauges.get('claw_state_outdated')).toBe(1)
    await expect(run(ada, submit('wl-b'))).rejects.toMatchObject(outdated)
    await expect(played(peer(ada).control.fresh('linearizable', deadline(world, 1_000)))).rejects.toMatchObject(
      outdated,
    )
    expect([peer(ada).machine.state.index, peer(ada).machine.state.workloads.size]).toEqual([index, 1])
  })

  test('is not proposed: what came with a later version is refused by name of who must be upgraded first', async () => {
    const stop = { type: 'request-stop', workload: workloadId('wl-a'), force: false, reason: 'enough' } as const
    await run(ada, submit('wl-a'))
    for (const at of [ada, bob])
      await expect(run(at, stop)).rejects.toMatchObject({ code: 'UPGRADE_NEEDED', facts: { needs: 2, has: 1 } })
    // Nor is it kept for later where nobody leads: the daemon of later may be an older build.
    group.elect(null)
    await expect(run(ada, stop)).rejects.toMatchObject({ code: 'UPGRADE_NEEDED' })
    expect(peer(ada).machine.state.workloads.get(stop.workload)?.stopRequested).toBe(null)
  })
})
