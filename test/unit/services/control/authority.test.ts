import { beforeEach, describe, expect, test } from 'vitest'
import { encodeCommand } from '../../../../src/core/state/entry.ts'
import { limits } from '../../../../src/core/state/state.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Executed } from '../../../../src/services/control/types.ts'
import { executeCommand } from '../../../../src/wire/control.ts'
import type { ControlPeer } from '../../../support/control-peers.ts'
import { ControlMesh } from '../../../support/control-mesh.ts'
import { deadline } from '../../../support/control-peers.ts'
import { ada, admit, bob, cyd, inventory, newMember, submit, token } from '../../../support/control-samples.ts'

const dan = nodeId('dan')

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
    await expect(run(bob, admit('t', newMember(dan)))).resolves.toMatchObject({ value: { node: dan } })
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

  test('nor anything of a peer that it does not know, until it does', async () => {
    const eve = await mesh.join('eve')
    const own: Command = { type: 'report-inventory', node: eve, inventory: inventory(eve, 1) }
    await expect(forward(eve, own)).rejects.toMatchObject({ code: 'NOT_A_MEMBER' })
    const waiting = execute(eve, own)
    await world.runFor(500)
    await mesh.admit(eve)
    await expect(played(waiting)).resolves.toMatchObject({ value: { node: eve } })
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

describe('a node that only works', () => {
  let eve: NodeId
  const tell = (message: string): Command => ({ type: 'tell', node: eve, source: 'eve', severity: 'info', message })
  const forward = (command: Command, id: string): Promise<unknown> => {
    const request = { id, by: eve, command: new Uint8Array(encodeCommand(command)) }
    return network.host(eve).rpc.call(ada, executeCommand, request, deadline(world, 5_000))
  }

  beforeEach(async () => {
    eve = await mesh.join('eve')
    await mesh.admit(eve, ['worker'])
    for (const id of mesh.peers.keys()) peer(id).machine.state.version = 2
  })

  test('given it takes ids that others will use, when they use them, then theirs is done all the same', async () => {
    await played(forward(tell('mine'), 'c-next'))
    await expect(run(ada, submit('wl-a'), 'c-next')).resolves.toMatchObject({ value: { workload: 'wl-a' } })
    await expect(run(bob, submit('wl-b'), 'c-next')).resolves.toMatchObject({ value: { workload: 'wl-a' } })
    expect([...(peer(cyd).machine.state.workerResults.get(eve) ?? [])].map(([id]) => id)).toEqual(['c-next'])
  })

  test('given it repeats a command of its own, then it has the outcome of the first', async () => {
    const told = (): number => peer(ada).control.state.events.filter(({ source }) => source === 'eve').length
    await run(eve, tell('once'), 'same')
    group.elect(cyd)
    await run(eve, tell('once'), 'same')
    expect(told()).toBe(1)
  })

  test('given it has as many committed as it can, then what members did is remembered, and it is slowed down', async () => {
    const { value } = await run(bob, submit('wl-a'), 'precious')
    const flood = await played(
      Promise.allSettled(Array.from({ length: 3_000 }, (_, i) => forward(tell('x'), `flood-${i}`))),
    )
    // What came through was answered, also where the mesh refused it.
    expect(flood.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(1_500)
    const { results, workerResults, events } = peer(ada).machine.state
    expect(results.has('precious')).toBe(true)
    expect(workerResults.get(eve)?.size).toBeLessThanOrEqual(limits.workerResults)
    expect(events.filter(({ source }) => source === 'eve')).toHaveLength(limits.toldPerWorker)
    await expect(run(bob, submit('wl-a'), 'precious')).resolves.toMatchObject({ value })
  }, 20_000)
})
