import { beforeEach, describe, expect, test } from 'vitest'
import type { Command } from '../../../../src/core/state/types.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { workloadId } from '../../../../src/model/ids.ts'
import type { Executed, GatewayStatus } from '../../../../src/services/control/types.ts'
import type { ControlPeer } from '../../../support/control-peers.ts'
import { ControlMesh } from '../../../support/control-mesh.ts'
import { deadline } from '../../../support/control-peers.ts'
import { ada, bob, cyd, submit } from '../../../support/control-samples.ts'

let mesh: ControlMesh
let world: ControlMesh['world']
let network: ControlMesh['network']
let group: ControlMesh['group']

const peer = (id: NodeId): ControlPeer => mesh.peer(id)
const played = <T>(promise: Promise<T>): Promise<T> => mesh.played(promise)
const execute = (on: NodeId, command: Command, id?: string, ms?: number): Promise<Executed> =>
  mesh.execute(on, command, { id, ms })
const run = (on: NodeId, command: Command, id?: string): Promise<Executed> => played(execute(on, command, id))

beforeEach(async () => {
  mesh = await ControlMesh.start()
  ;({ world, network, group } = mesh)
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
  let commands = 0
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
    const before = group.log.length
    const executed = execute(ada, submit('wl-a'))
    await world.runUntil(() => group.log.some(({ payload }, i) => i >= before && payload !== null), 1_000)
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
    peer(cyd).control.onChange((changes) => changed.push(...changes.map(({ type }) => type)))
    await world.runUntil(() => peer(ada).control.state.workloads.size > 0, 5_000)
    const { state } = peer(cyd).machine
    group.sendSnapshot(ada, cyd)
    expect(changed).toEqual(expect.arrayContaining(['mesh', 'member', 'workload']))
    expect(peer(cyd).machine.state).toBe(state)
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
