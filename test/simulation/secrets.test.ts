/** The vault of a mesh under crashes and partitions, with real keys; and what a member that was removed can make of what it has kept. */
import { describe, expect, test } from 'vitest'
import { createSealer } from '../../src/adapters/keys/sealing.ts'
import { vaultKeys } from '../../src/adapters/keys/vault-keys.ts'
import { scopeOf } from '../../src/core/vault/envelope.ts'
import type { State } from '../../src/core/state/state.ts'
import type { MeshState } from '../../src/core/state/types.ts'
import { restore } from '../../src/core/state/restore.ts'
import { snapshot } from '../../src/core/state/snapshot.ts'
import { meshId } from '../../src/model/ids.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { VaultHolder } from '../../src/services/vault/vault-holder.ts'
import type { GatewayMesh } from '../support/gateway-mesh.ts'
import { ada, bob, cyd } from '../support/control-samples.ts'
import { sealSecret, SecretRun, secretOf, valueOf, vaultMesh } from '../support/secret-run.ts'

describe('given work that is given secrets while they are rotated', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    'when leaders die and are cut off in the middle of it, then each has one whole version that was not old (seed %i)',
    async (seed) => {
      const run = await SecretRun.start(seed)
      await run.play(8)
      expect(run.mesh.network.bugs).toEqual([])
      expect(run.deliveries.length).toBeGreaterThanOrEqual(24)
      const given = run.deliveries.map(({ values: [first, second, other], atLeast, placement }) => {
        const version = Number(/^db-(\d+)-/.exec(first ?? '')?.[1])
        const whole = valueOf('db', version)
        expect([first, second, other]).toEqual([whole, whole, valueOf('other', 1)])
        expect(version).toBeGreaterThanOrEqual(atLeast)
        const workload = [...run.mesh.state().workloads.values()].find((one) => one.placement?.id === placement)
        if (workload !== undefined) expect(workload.usedSecrets?.['db']).toBe(version)
        return version
      })
      expect(Math.max(...given)).toBeGreaterThan(1)
    },
    60_000,
  )
})

describe('given a voter that keeps its disk and its key when it is removed', () => {
  /** All that it had, and the log as far as it may come to see it: from a backup, or from who still follows it. */
  const thief = (node: NodeId, kept: MeshState): VaultHolder =>
    new VaultHolder({ self: node, sealer: createSealer(secretOf(node)), keys: vaultKeys, state: () => kept })
  const copyOf = (mesh: GatewayMesh): MeshState => restore(snapshot(mesh.state() as State))
  const valueIn = (state: MeshState, version: number) => ({
    sealed: state.secrets.get('default/db')?.versions.find(({ number }) => number === version)?.sealed ?? '',
    scope: scopeOf({ mesh: state.mesh?.id ?? meshId(''), namespace: 'default', of: { secret: 'db', version } }),
    name: 'db',
  })
  const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

  test('then it opens what it could open before, and nothing that is written afterwards, however it comes by it', async () => {
    const mesh = await vaultMesh(3)
    const policy = { allowWorkloads: [], allowLabels: {}, denyWorkloads: [] }
    const told = { namespace: 'default', name: 'db' } as const
    const first = sealSecret(mesh, ada, 'db', 1)
    await mesh.run({ type: 'create-secret', ...told, sealed: first, policy, how: 'created', rotation: null })
    const kept = copyOf(mesh)
    expect(textOf(thief(cyd, kept).open(valueIn(kept, 1)))).toBe(valueOf('db', 1))

    await mesh.run({ type: 'remove-member', node: cyd, force: true })
    const epoch = kept.vault?.epoch ?? 0
    await mesh.world.runUntil(() => mesh.state().vault?.epoch === epoch + 1, 30_000)
    expect([...(mesh.state().vault?.holders.keys() ?? [])].toSorted()).toEqual([ada, bob])
    await mesh.world.runFor(1_000)
    await mesh.run({ type: 'set-secret', ...told, version: 2, sealed: sealSecret(mesh, bob, 'db', 2), how: 'rotated' })

    const now = copyOf(mesh)
    // What was sealed before is not sealed anew: it had that.
    expect(valueIn(now, 1).sealed).toBe(first)
    for (const state of [kept, { ...now, vault: kept.vault }, now])
      expect(() => thief(cyd, state).open(valueIn(now, 2))).toThrow(/cannot open|can no longer be opened/)
    for (const node of [ada, bob])
      expect([1, 2].map((version) => textOf(thief(node, now).open(valueIn(now, version))))).toEqual([
        valueOf('db', 1),
        valueOf('db', 2),
      ])
  })

  test('when the lead is lost just then, then whoever leads next replaces the key', async () => {
    const mesh = await vaultMesh(5)
    const epoch = mesh.state().vault?.epoch ?? 0
    const removed = mesh.run({ type: 'remove-member', node: cyd, force: true })
    await removed
    mesh.group.elect(null)
    await mesh.world.runFor(2_000)
    mesh.group.elect(bob)
    await mesh.world.runUntil(() => mesh.state().vault?.epoch === epoch + 1, 30_000)
    expect(mesh.state().vault?.isExposed).toBe(false)
    expect(mesh.state().vault?.holders.has(cyd)).toBe(false)
  })
})
