import { beforeEach, describe, expect, test } from 'vitest'
import { executionLease } from '../../../../src/core/gateway/lease.ts'
import { decodeEntry } from '../../../../src/core/state/entry.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { defaultGateway } from '../../../../src/services/gateway/service.ts'
import { ada, bob, cyd, submit } from '../../../support/control-samples.ts'
import { GatewayMesh, settings } from '../../../support/gateway-mesh.ts'

const id = workloadId('wl-a')
let mesh: GatewayMesh
let world: GatewayMesh['world']
let group: GatewayMesh['group']
let membership: GatewayMesh['membership']

beforeEach(async () => {
  mesh = await GatewayMesh.start()
  ;({ world, group, membership } = mesh)
})

const run = (command: Command): Promise<void> => mesh.run(command)
const state = () => mesh.state()
const workload = (): Workload | undefined => mesh.workload(id)
const join = (node: NodeId, gpus = 2): Promise<void> => mesh.join(node, gpus)

describe('scheduling', () => {
  test('pending work is placed within moments of its submission', async () => {
    await run(submit('wl-a', { gpus: { count: 2 } }))
    await world.runUntil(() => workload()?.placement !== null, 200)
    expect(workload()).toMatchObject({ state: 'starting', placement: { node: ada, state: 'placed', attempt: 1 } })
  })

  test('work that fits nowhere is placed once a node joins that has what it needs', async () => {
    await run(submit('wl-a', { gpus: { count: 4 } }))
    await world.runFor(3_000)
    expect(workload()?.state).toBe('pending')
    await join(bob, 4)
    await world.runUntil(() => workload()?.placement?.node === bob, 200)
    expect(workload()?.attempt).toBe(1)
  })

  test('a node that refuses is passed over for another', async () => {
    await join(bob)
    await run(submit('wl-a', { gpus: { count: 1 }, node: undefined }))
    await world.runUntil(() => workload()?.placement !== null, 200)
    const first = workload()?.placement?.node ?? ada
    await run({ type: 'reject', placement: placementId(id, 1), node: first, reason: 'too hot' })
    await world.runUntil(() => workload()?.attempt === 2, 200)
    expect(workload()?.placement?.node).not.toBe(first)
  })

  test('what a node does not claim in time goes elsewhere', async () => {
    await run(submit('wl-a', { gpus: { count: 1 } }))
    await world.runUntil(() => workload()?.placement !== null, 200)
    await world.runUntil(() => workload()?.placement === null, defaultGateway.scheduling.claimWithin + 1_500)
    expect(workload()).toMatchObject({ state: 'pending', rejections: [{ node: ada }] })
  })

  test('nothing goes to a node that is suspected, or to a device that has failed', async () => {
    await join(bob)
    membership.set(ada, 'suspect')
    const gpus = [0, 1].map((index) => ({
      uuid: `GPU-bob-${index}`,
      health: index === 0 ? 'failed' : 'ok',
      throttle: [],
    }))
    membership.set(bob, 'alive', { gpus, problems: [], host: { diskFreeMib: 1_000 } } as never)
    await run(submit('wl-a', { gpus: { count: 1 } }))
    await world.runUntil(() => workload()?.placement !== null, 200)
    expect(workload()?.placement?.devices).toEqual(['GPU-bob-1'])
  })

  test('only the leader does it, and the next leader goes on', async () => {
    await join(bob)
    group.elect(null)
    await world.runFor(1_000)
    group.elect(bob)
    await run(submit('wl-a'))
    await world.runUntil(() => workload()?.placement !== null, 500)
    expect(workload()).toMatchObject({ attempt: 1, placement: { term: group.term } })
  })

  describe('given more work than one plan places', () => {
    const { maxPlacements } = defaultGateway.scheduling
    const nodes = Array.from({ length: 10 }, (_, i) => nodeId(`n${i}`))
    const placed = (): readonly Workload[] =>
      [...state().workloads.values()].filter(({ placement }) => placement !== null)

    beforeEach(async () => {
      for (const node of nodes) await join(node, 64)
      await run(submit('wl-q', { gpus: { count: 1 }, parts: { count: maxPlacements + 100, gang: false } }))
    })

    test('when plans follow each other, then all of it is placed, at the first attempt and no device twice', async () => {
      await world.runUntil(() => state().pending.size === 0, 2_000)
      expect(placed()).toHaveLength(maxPlacements + 100)
      expect(new Set(placed().map(({ attempt }) => attempt))).toEqual(new Set([1]))
      expect(new Set(placed().flatMap(({ placement }) => placement?.devices ?? [])).size).toBe(maxPlacements + 100)
    })

    test('when a node closes while its placements are on the way, then what is refused goes elsewhere', async () => {
      const closing = run({ type: 'set-scheduling', node: ada, mode: 'cordoned', reason: '', grace: null })
      await world.runUntil(() => state().pending.size === 0, 2_000)
      await closing
      expect(placed()).toHaveLength(maxPlacements + 100)
      expect(new Set(placed().map(({ attempt }) => attempt))).toEqual(new Set([1]))
    })

    test('when the lead is lost in the middle, then the old leader places nothing more and the new one the rest', async () => {
      await join(bob)
      await world.runUntil(() => placed().length > 0, 2_000)
      const { length: before } = group.log
      const { term } = group
      group.elect(bob)
      await world.runUntil(() => state().pending.size === 0, 5_000)
      const later = group.log.slice(before).flatMap(({ payload }) => {
        const entry = payload === null ? null : decodeEntry(payload)
        return entry?.command.type === 'place' ? [entry.id.split(':').slice(1, 3).join(' in ')] : []
      })
      // What was on its way may arrive.
      expect(new Set(later)).toEqual(new Set([`ada in ${term}`, `bob in ${term + 1}`]))
      expect(new Set(placed().flatMap(({ placement }) => placement?.devices ?? [])).size).toBe(maxPlacements + 100)
    })
  })

  test('a stopped gateway does nothing more', async () => {
    const stopped = mesh.gateways.get(ada)?.stop()
    await world.runFor(100)
    await stopped
    await run(submit('wl-a'))
    await world.runFor(5_000)
    expect(workload()?.state).toBe('pending')
  })
})

describe('upkeep', () => {
  const placement = placementId(id, 1)

  /** Pinned to bob, so that it has to be there, and running. */
  async function runOnBob(parts: Record<string, unknown> = {}): Promise<void> {
    await join(bob)
    await run(submit('wl-a', { node: bob, ...parts }))
    await world.runUntil(() => workload()?.placement !== null, 200)
    await run({ type: 'claim', placement, node: bob })
    await run({ type: 'report-running', placement, node: bob, startedAt: world.now() })
  }

  test('a drain has the work of the node stopped, and what may run nowhere else waits', async () => {
    await runOnBob()
    await run({ type: 'set-scheduling', node: bob, mode: 'draining', reason: '', grace: 700 })
    await world.runUntil(() => workload()?.eviction !== null, 200)
    expect(workload()).toMatchObject({ state: 'stopping', eviction: { by: ada, reason: 'bob is drained', grace: 700 } })
    await run({ type: 'report-ended', placement, node: bob, endedAt: world.now(), exitCode: 143, error: null })
    expect(workload()).toMatchObject({ state: 'pending', history: [{ attempt: 1, node: bob }] })
  })

  test('a NoExecute taint has it stopped unless it tolerates the taint', async () => {
    await runOnBob({ tolerations: [{ key: 'fire' }] })
    const taint = (key: string) => ({ key, value: '', effect: 'NoExecute' }) as const
    await run({ type: 'update-taints', node: bob, add: [taint('fire')], remove: [] })
    await world.runFor(2_000)
    expect(workload()?.eviction).toBeNull()
    await run({ type: 'update-taints', node: bob, add: [taint('fire'), taint('water')], remove: [] })
    await world.runUntil(() => workload()?.eviction !== null, 200)
    expect(workload()?.eviction?.reason).toBe('bob has the taint water:NoExecute')
  })

  test('work that may run twice is given up once its node is lost', async () => {
    await runOnBob({ onPartition: 'replace' })
    membership.set(bob, 'suspect')
    await world.runFor(2_000)
    expect(workload()?.state).toBe('running')
    membership.set(bob, 'lost')
    await world.runUntil(() => workload()?.state === 'pending', 200)
    expect(workload()?.history).toMatchObject([{ attempt: 1, node: bob, reason: 'bob was lost' }])
  })

  test('a new leader waits a full lease of its own', async () => {
    await runOnBob({ onPartition: 'stop', stopGraceMs: 0 })
    const patience = executionLease + 10_000
    membership.set(bob, 'lost')
    await world.runFor(patience - 1_000)
    group.elect(cyd)
    await world.runFor(patience - 1_000)
    expect(workload()?.state).toBe('running')
    await world.runUntil(() => workload()?.state === 'pending', 3_000)
  })
})

describe('a leader that stops', () => {
  const stop = async (): Promise<void> => {
    let isDone = false
    const stopped = mesh.gateways
      .get(ada)
      ?.stop()
      .finally(() => (isDone = true))
    await world.runUntil(() => isDone, 5_000)
    await stopped
  }

  test('hands the lead to another voter', async () => {
    group.voters = [ada, bob, cyd]
    group.silent.set(bob, 60_000)
    await stop()
    expect(group.leader).toBe(cyd)
  })

  test('keeps it when no other voter could lead', async () => {
    group.voters = [ada, bob, cyd]
    group.silent.set(bob, 60_000)
    group.mute.add(cyd)
    await stop()
    expect(group.leader).toBe(ada)
  })
})

describe('voting', () => {
  test('three members become three voters, each with the mesh key before its vote', async () => {
    await join(bob)
    await world.runFor(5_000)
    expect(group.voters).toEqual([ada])
    expect(group.learners).toEqual([bob])
    await join(cyd)
    await world.runUntil(() => group.voters.length === 3, 10_000)
    expect(mesh.sealed).toEqual([bob, cyd])
    expect(group.voterChanges.map(({ add }) => add)).toEqual([bob, cyd])
    await world.runFor(1_000)
    expect(group.learners).toEqual([])
  })

  test('a silent voter makes room for a member that answers', async () => {
    await join(bob)
    await join(cyd)
    await world.runUntil(() => group.voters.length === 3, 10_000)
    const dee = nodeId('dee')
    await mesh.addPeer(dee)
    await world.runFor(500)
    await join(dee)
    group.silent.set(bob, 60_000)
    await world.runUntil(() => group.voters.includes(dee), defaultGateway.voting.replaceAfter + 10_000)
    expect(group.voters).toEqual([ada, cyd, dee])
  })

  test('a member that comes and goes is not promoted', async () => {
    await join(bob)
    await join(cyd)
    const flap = (silentFor: number): void => {
      group.silent.set(cyd, silentFor)
      world.after(1_000, () => flap(silentFor === 0 ? 5_000 : 0))
    }
    flap(5_000)
    await world.runFor(20_000)
    expect(group.voters).toEqual([ada])
  })
})

describe('records', () => {
  test('a loss and a return are recorded, a suspicion is not', async () => {
    await join(bob)
    membership.set(bob, 'suspect')
    await world.runFor(1_000)
    expect(state().liveness.get(bob)).toBeUndefined()
    membership.set(bob, 'lost')
    await world.runUntil(() => state().liveness.get(bob) === 'lost', 1_000)
    membership.set(bob, 'alive')
    await world.runUntil(() => state().liveness.get(bob) === 'alive', 1_000)
    expect(
      state()
        .events.slice(-2)
        .map(({ type }) => type),
    ).toEqual(['node.lost', 'node.alive'])
  })

  test('what ended long ago is forgotten', async () => {
    await run(submit('wl-a'))
    await run({ type: 'request-stop', workload: id, force: false })
    await world.runFor(120_000)
    expect(workload()?.state).toBe('stopped')
    await world.runFor(settings.pruning.keepFor)
    expect(workload()).toBeUndefined()
  })
})
