/** Secrets in virtual time: work that is given them while leaders die, links fail and values are rotated, and an account of who got what. */
import { createSealer } from '../../src/adapters/keys/sealing.ts'
import type { Command } from '../../src/core/state/types.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { NodeId, PlacementId } from '../../src/model/ids.ts'
import { workloadId } from '../../src/model/ids.ts'
import type { Workload } from '../../src/model/workload.ts'
import type { VaultService } from '../../src/services/vault/vault-service.ts'
import { deadline } from './control-peers.ts'
import type { ControlPeer } from './control-peers.ts'
import { bob, cyd, inventory, spec } from './control-samples.ts'
import { GatewayMesh } from './gateway-mesh.ts'

/** Two of one secret, and one of another. */
const refs = [
  { env: 'DB', secret: 'db' },
  { path: '/run/secrets/db', secret: 'db' },
  { env: 'OTHER', secret: 'other' },
]

export interface Delivery {
  readonly values: readonly string[]
  /** Version of `db` that everybody had been told of before it was asked for. */
  readonly atLeast: number
  readonly placement: PlacementId
}

/** Value of that version: long enough that a part of it would be seen. */
export const valueOf = (name: string, version: number): string => `${name}-${version}-${'x'.repeat(200)}-${version}`

/** The key that secrets are sealed to for a node. */
export const secretOf = (node: NodeId): Uint8Array => new Uint8Array(32).fill(node.charCodeAt(0))

/** A value of a secret, sealed at that node. */
export const sealSecret = (mesh: GatewayMesh, node: NodeId, secret: string, version: number): string =>
  vaultOf(mesh, node).seal(
    { namespace: 'default', of: { secret, version } },
    new TextEncoder().encode(valueOf(secret, version)),
  )

/** A mesh of three voters that all can open its vault. */
export async function vaultMesh(seed: number): Promise<GatewayMesh> {
  const mesh = await GatewayMesh.start({ seed, sealerOf: (node) => createSealer(secretOf(node)) })
  for (const node of [bob, cyd]) await mesh.join(node)
  for (const { id } of mesh.peers)
    await mesh.run({ type: 'report-inventory', node: id, inventory: inventory(id, 2, { versions: { state: '1..2' } }) })
  const isReady = (): boolean => mesh.group.voters.length === 3 && mesh.state().vault?.holders.size === 3
  await mesh.world.runUntil(isReady, 120_000)
  return mesh
}

const vaultOf = (mesh: GatewayMesh, node: NodeId): VaultService => {
  const vault = mesh.vaults.get(node)
  if (vault === undefined) throw new Error(`${node} has no vault`)
  return vault
}

/** Starts what its node is given, and notes what it was given to start it with. */
class Worker {
  readonly #peer: ControlPeer
  readonly #run: SecretRun
  readonly #taken = new Set<PlacementId>()
  readonly working: Promise<void>[] = []

  constructor(peer: ControlPeer, run: SecretRun) {
    this.#peer = peer
    this.#run = run
    peer.control.onChange(() => {
      for (const workload of peer.control.state.workloads.values()) this.#look(workload)
    })
  }

  #look(workload: Workload): void {
    const { placement } = workload
    if (placement?.node !== this.#peer.id || placement.state !== 'placed' || this.#taken.has(placement.id)) return
    this.#taken.add(placement.id)
    this.working.push(this.#start(workload, placement.id))
  }

  async #start(workload: Workload, placement: PlacementId): Promise<void> {
    const { mesh } = this.#run
    const { id: node } = this.#peer
    if (!(await this.#run.persist(this.#peer, { type: 'claim', placement, node }))) return
    for (;;) {
      const atLeast = this.#run.known
      try {
        const given = await vaultOf(mesh, node).values(workload, placement, new AbortController().signal)
        const values = given.map((bytes) => new TextDecoder().decode(bytes))
        this.#run.deliveries.push({ values, atLeast, placement })
        return
      } catch (error) {
        if (ClawError.is(error, 'PERMISSION_DENIED')) return
        if (!ClawError.is(error, 'SECRETS_UNAVAILABLE')) throw error
      }
    }
  }
}

export class SecretRun {
  readonly mesh: GatewayMesh
  readonly deliveries: Delivery[] = []
  /** Newest version of `db` that somebody was told is kept. */
  known = 1
  #version = 1
  #commands = 0

  private constructor(mesh: GatewayMesh) {
    this.mesh = mesh
  }

  static async start(seed: number): Promise<SecretRun> {
    const run = new SecretRun(await vaultMesh(seed))
    for (const name of ['db', 'other']) {
      const sealed = sealSecret(run.mesh, bob, name, 1)
      const policy = { allowWorkloads: [], allowLabels: {}, denyWorkloads: [] }
      const kept = { namespace: 'default', name, sealed, policy, how: 'created', rotation: null } as const
      await run.mesh.run({ type: 'create-secret', ...kept })
    }
    return run
  }

  /** Again and again while there is no leader. False when it was refused. */
  async persist({ control, id: by }: Pick<ControlPeer, 'control' | 'id'>, command: Command): Promise<boolean> {
    this.#commands += 1
    const id = `run-${this.#commands}`
    for (;;) {
      try {
        await control.execute(command, { id, by, signal: deadline(this.mesh.world, 5_000) })
        return true
      } catch (error) {
        if (ClawError.is(error, 'PLACEMENT_SUPERSEDED') || ClawError.is(error, 'SECRET_CHANGED')) return false
        if (!(error instanceof ClawError)) throw error
      }
    }
  }

  /** A new value of `db`, sealed and told at some peer. */
  async rotate(): Promise<void> {
    const peer = this.#somebody()
    const version = (this.#version += 1)
    const sealed = sealSecret(this.mesh, peer.id, 'db', version)
    const told = { namespace: 'default', name: 'db', version, sealed, how: 'rotated' } as const
    if (await this.persist(peer, { type: 'set-secret', ...told })) this.known = Math.max(this.known, version)
  }

  async submit(name: string): Promise<void> {
    const command = { type: 'submit', workload: workloadId(name), name, spec: spec({ secrets: refs }) } as const
    await this.persist(this.#somebody(), command)
  }

  #somebody(): ControlPeer {
    const { peers, world } = this.mesh
    const peer = peers[Math.floor(world.next() * peers.length)]
    if (peer === undefined) throw new Error('no peers')
    return peer
  }

  /**
   * Work is submitted and values are rotated while the leader dies, or is cut off from the others, `upsets` times in the middle of it.
   */
  async play(upsets: number): Promise<void> {
    const { mesh } = this
    const { world, group, network, peers } = mesh
    const workers = peers.map((peer) => new Worker(peer, this))
    const doings: Promise<void>[] = []
    let rotation = Promise.resolve()
    for (let upset = 0; upset < upsets; upset += 1) {
      for (let each = 0; each < 3; each += 1) doings.push(this.submit(`wl-${upset}-${each}`))
      rotation = rotation.then(() => this.rotate())
      await world.runFor(Math.floor(world.next() * 120))
      const others = peers.map(({ id }) => id).filter((id) => id !== group.leader)
      const isCut = world.next() < 0.5
      if (isCut && group.leader !== null) network.partition([group.leader], others)
      group.elect(null)
      await world.runFor(Math.floor(world.next() * 1_500))
      group.elect(others[Math.floor(world.next() * others.length)] ?? null)
      await world.runFor(Math.floor(world.next() * 800))
      network.heal()
      await world.runFor(Math.floor(world.next() * 400))
    }
    await world.runUntil(() => this.deliveries.length >= 3 * upsets, 300_000)
    let isDone = false
    const all = Promise.all([...doings, rotation, ...workers.flatMap(({ working }) => working)])
    const settled = all.finally(() => (isDone = true))
    await world.runUntil(() => isDone, 300_000)
    await settled
  }
}
