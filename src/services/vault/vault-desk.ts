/** What the leader does for who is to open a secret: looks whether he may, has it on record, and hands the data key on. */
import { isWorker } from '../../core/access/standing.ts'
import type { Entitlement } from '../../core/vault/entitlement.ts'
import { entitlements, ownScope } from '../../core/vault/entitlement.ts'
import { revisionOf } from '../../model/deployment.ts'
import type { Deed } from '../../model/audit.ts'
import { done } from '../../model/audit.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import type { DeploymentId, NodeId, PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { AuditTrail } from '../../ports/audit.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import { Buckets } from '../../lib/buckets.ts'
import { sameBytes } from '../../lib/same-bytes.ts'
import { compareSecrets, deliverSecrets } from '../../wire/vault.ts'
import type { LeaderControl } from '../control/types.ts'
import type { VaultHolder } from './vault-holder.ts'

export interface VaultDeskDeps {
  readonly control: Pick<LeaderControl, 'state' | 'fresh' | 'decree' | 'lead'>
  readonly rpc: Pick<Rpc, 'serve'>
  readonly clock: Pick<Clock, 'after' | 'elapsed'>
  readonly audit: Pick<AuditTrail, 'begin' | 'denied'>
  readonly holder: VaultHolder
}

export interface DataKey {
  readonly index: number
  /** 0 for a value of the workload's own. */
  readonly version: number
  readonly sealed: string
}

export interface OwnValue {
  readonly env: string
  readonly sealed: string
}

/** Longest wait for the mesh to have it on record. */
const patience: Millis = 5 * second

/** Values of one member that are compared: what a file of many deployments has, and not enough to find one out. */
const guesses = { perSecond: 0.1, burst: 256 } as const

/** For the record. */
const comparison = (from: NodeId, deployment: string): Deed => ({
  ...{ actor: `node:${from}`, via: null, operation: 'vault.compare', verb: 'reveal', resource: 'secret' },
  ...{ namespace: null, object: deployment, request: '' },
})

export class VaultDesk {
  readonly #deps: VaultDeskDeps
  readonly #guesses: Buckets
  #unserve: readonly Unsubscribe[] = []

  constructor(deps: VaultDeskDeps) {
    this.#deps = deps
    this.#guesses = new Buckets(guesses.perSecond, () => deps.clock.elapsed(), { burst: guesses.burst })
  }

  start(): void {
    const { rpc } = this.#deps
    this.#unserve = [
      rpc.serve(deliverSecrets, async ({ placement }, from, signal) => ({
        keys: [...(await this.deliver(placement as PlacementId, from, signal))],
      })),
      rpc.serve(compareSecrets, async ({ deployment, revision, values }, from, signal) => {
        this.#mayCompare(from, { deployment, count: values.length })
        const end = await this.#deps.audit.begin({ ...comparison(from, deployment), makesRoom: false })
        try {
          const same = await this.compare({ deployment: deployment as DeploymentId, revision, values }, signal)
          await end(done)
          return { same: [...same] }
        } catch (error) {
          await end(isClawError(error) ? error.code : 'INTERNAL')
          throw error
        }
      }),
    ]
  }

  stop(): void {
    for (const unserve of this.#unserve) unserve()
    this.#unserve = []
  }

  /** Whoever could ask for many values would guess one. */
  #mayCompare(from: NodeId, { deployment, count }: { readonly deployment: string; readonly count: number }): void {
    const { control, audit } = this.#deps
    const member = control.state.members.get(from)
    if (member === undefined) throw new ClawError('NOT_A_MEMBER', { reason: 'the leader knows of no such member' })
    const refuse = (failure: ClawError): never => {
      audit.denied({ ...comparison(from, deployment), outcome: failure.code })
      throw failure
    }
    if (isWorker(member))
      refuse(new ClawError('PERMISSION_DENIED', { action: 'compare values from a node that only works' }))
    const seconds = this.#guesses.take(from, Math.max(1, count))
    if (seconds > 0) refuse(new ClawError('RATE_LIMITED', { who: member.name, seconds }))
  }

  /** The keys of all values that are due to the placement. Throws what `entitlements` does, NO_LEADER and SECRETS_UNAVAILABLE. */
  async deliver(placement: PlacementId, node: NodeId, signal: AbortSignal): Promise<readonly DataKey[]> {
    const { control, holder } = this.#deps
    return this.#inTime(signal, async (limited) => {
      await this.#lead(limited)
      const due = entitlements(control.state, placement, node)
      const sealKey = control.state.members.get(node)?.sealKey
      if (sealKey === undefined) throw new ClawError('NODE_NOT_FOUND', { node })
      const keys = due.map((one) => ({
        index: one.index,
        version: one.secret?.version ?? 0,
        sealed: holder.handOn({ ...one, name: one.secret?.name ?? `a variable of ${placement}` }, sealKey),
      }))
      await this.#record(placement, node, due, limited)
      return keys
    })
  }

  /** Which of the values a revision has as well, by their variables. */
  async compare(
    asked: { readonly deployment: DeploymentId; readonly revision: number; readonly values: readonly OwnValue[] },
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { control, holder } = this.#deps
    return this.#inTime(signal, async (limited) => {
      await this.#lead(limited)
      const deployment = control.state.deployments.get(asked.deployment)
      const before = deployment === undefined ? undefined : revisionOf(deployment, asked.revision)?.spec
      const mesh = control.state.mesh?.id
      if (before === undefined || mesh === undefined) return []
      const open = (ref: OwnValue): Uint8Array =>
        holder.open({ sealed: ref.sealed, scope: ownScope({ mesh, namespace: before.namespace, ref }), name: ref.env })
      return asked.values.flatMap(({ env, sealed }) => {
        const old = before.secrets?.find((ref) => ref.env === env)?.sealed
        if (old === undefined) return []
        return sameBytes(open({ env, sealed }), open({ env, sealed: old })) ? [env] : []
      })
    })
  }

  /** From here on this peer has led with everything in its state that was acknowledged anywhere before it was asked. */
  async #lead(signal: AbortSignal): Promise<void> {
    const { control } = this.#deps
    if (control.lead().role !== 'leader') throw new ClawError('NO_LEADER', { detail: 'the peer asked does not lead' })
    await control.fresh('linearizable', signal)
  }

  async #record(placement: PlacementId, node: NodeId, due: readonly Entitlement[], signal: AbortSignal): Promise<void> {
    const { control, clock } = this.#deps
    const uses = due.flatMap(({ secret }) => secret ?? [])
    if (uses.length === 0) return
    const unique = [...new Map(uses.map((use) => [use.name, use])).values()]
    const versions = unique.map(({ version }) => version).join('.')
    // A volume is asked for again and again, and each time is one of its own.
    const time = control.state.volumes.has(placement) ? `:${node}:${clock.elapsed()}` : ''
    const id = `secret-use:${placement}:${versions}${time}`
    await control.decree({ type: 'note-secret-use', placement, node, uses: unique }, { id, by: node, signal })
  }

  async #inTime<T>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController()
    const reason = new ClawError('DEADLINE_EXCEEDED', { what: 'the vault', ms: patience })
    const cancel = this.#deps.clock.after(patience, () => late.abort(reason))
    try {
      return await work(AbortSignal.any([signal, late.signal]))
    } finally {
      cancel()
    }
  }
}
