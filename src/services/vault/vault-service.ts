/** Secrets at one peer: sealed by whoever is told a value, opened only by who is to start something with it. */
import type { Subject } from '../../core/vault/envelope.ts'
import { deliveryScope, envelopeText, scopeOf } from '../../core/vault/envelope.ts'
import { ownScope } from '../../core/vault/entitlement.ts'
import { ClawError } from '../../model/failure.ts'
import type { DeploymentId, NodeId, PlacementId } from '../../model/ids.ts'
import type { SecretRef } from '../../model/secret.ts'
import { inNamespace, versionOf } from '../../model/secret.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { AuditTrail } from '../../ports/audit.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sealer, VaultKeys } from '../../ports/keys.ts'
import type { Rpc } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { compareSecrets, deliverSecrets } from '../../wire/vault.ts'
import type { LeaderControl } from '../control/types.ts'
import type { DataKey, OwnValue } from './vault-desk.ts'
import { VaultDesk } from './vault-desk.ts'
import type { SealedValue } from './vault-holder.ts'
import { VaultHolder } from './vault-holder.ts'

export interface VaultDeps {
  readonly self: NodeId
  readonly control: Pick<LeaderControl, 'state' | 'status' | 'fresh' | 'decree' | 'lead'>
  readonly rpc: Pick<Rpc, 'call' | 'serve'>
  readonly clock: Clock
  readonly sealer: Sealer
  readonly keys: VaultKeys
  readonly audit: Pick<AuditTrail, 'begin' | 'denied'>
}

/** What has secrets: work, or a backup. */
interface Asker {
  readonly spec: Pick<WorkloadSpec, 'namespace' | 'secrets'>
}

/** After these, another try may find a leader that can. */
const passing = [
  'NO_LEADER',
  'NODE_UNREACHABLE',
  'DEADLINE_EXCEEDED',
  'RATE_LIMITED',
  'SECRETS_UNAVAILABLE',
  'NOT_A_MEMBER',
] as const
/** How long one delivery is tried; whoever wants it tries again later. */
const patience: Millis = 5 * second
const pause: Millis = 250

export class VaultService implements Service {
  readonly name = 'vault'
  readonly holder: VaultHolder
  readonly #deps: VaultDeps
  readonly #desk: VaultDesk

  constructor(deps: VaultDeps) {
    this.#deps = deps
    this.holder = new VaultHolder({ ...deps, state: () => deps.control.state })
    this.#desk = new VaultDesk({ ...deps, holder: this.holder })
  }

  start(): Promise<void> {
    this.#desk.start()
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#desk.stop()
    return Promise.resolve()
  }

  /** For the vault, which only voters open. Throws SECRETS_UNAVAILABLE before there is one. */
  seal(subject: Omit<Subject, 'mesh'>, value: Uint8Array): string {
    const { control, keys } = this.#deps
    const { mesh, vault } = control.state
    if (mesh === null || vault === null)
      throw new ClawError('SECRETS_UNAVAILABLE', { detail: 'the mesh has made no key for them yet' })
    const scope = scopeOf({ ...subject, mesh: mesh.id })
    const dataKey = keys.dataKey()
    const box = Buffer.from(keys.encrypt(value, dataKey, scope)).toString('base64')
    return envelopeText({ epoch: vault.epoch, key: keys.seal(vault.publicKey, scope, dataKey), box })
  }

  /** Of the values, those that the revision of the deployment has as well, by their variables. Throws NO_LEADER. */
  async same(
    deployment: DeploymentId,
    revision: number,
    values: readonly OwnValue[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const { self, rpc } = this.#deps
    if (values.length === 0) return new Set()
    const asked = { deployment, revision, values: values.map(({ env, sealed }) => ({ env, sealed })) }
    const leader = this.#leader()
    if (leader === self) return new Set(await this.#desk.compare(asked, signal))
    const { same } = await rpc.call(leader, compareSecrets, asked, signal)
    return new Set(same)
  }

  /** The values of all secrets of the workload, in their order. Throws SECRETS_UNAVAILABLE when nobody can say now, and what a refusal says. */
  async values(workload: Asker, placement: PlacementId, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const { control } = this.#deps
    const refs = workload.spec.secrets ?? []
    if (refs.length === 0) return []
    const keys = await this.#persist(signal, (limited) => this.#keysFor(placement, limited))
    const isBehind = keys.some((key) => this.#sealedFor(refs[key.index], workload, key) === null)
    // What was set a moment ago may have come to the leader first.
    if (isBehind) await this.#persist(signal, (limited) => control.fresh('linearizable', limited))
    return refs.map((ref, index) => {
      const key = keys.find((one) => one.index === index)
      const sealed = key === undefined ? null : this.#sealedFor(ref, workload, key)
      const name = ref.secret ?? ref.env ?? 'a secret'
      if (key === undefined || sealed === null) throw new ClawError('SECRET_UNREADABLE', { secret: name })
      return this.openHanded({ ...sealed, name }, key.sealed)
    })
  }

  /** What lets one node open the value. Throws SECRET_UNREADABLE, and SECRETS_UNAVAILABLE on a peer that cannot open it itself. */
  handOn(value: SealedValue, sealKey: string): string {
    return this.holder.handOn(value, sealKey)
  }

  /** Opens what was handed on to this node. Throws SECRET_UNREADABLE. */
  openHanded(value: SealedValue, key: string): Uint8Array {
    const dataKey = this.#deps.sealer.open(deliveryScope(value.scope), key)
    if (dataKey === null) throw new ClawError('SECRET_UNREADABLE', { secret: value.name })
    return this.holder.unbox(value, dataKey)
  }

  #keysFor(placement: PlacementId, signal: AbortSignal): Promise<readonly DataKey[]> {
    const { self, rpc } = this.#deps
    const leader = this.#leader()
    if (leader === self) return this.#desk.deliver(placement, self, signal)
    return rpc.call(leader, deliverSecrets, { placement }, signal).then(({ keys }) => keys)
  }

  /** What this peer has of it; null while it has not heard of that version. */
  #sealedFor(ref: SecretRef | undefined, { spec: { namespace } }: Asker, { version }: DataKey) {
    const { mesh, secrets } = this.#deps.control.state
    if (mesh === null || ref === undefined) return null
    if (ref.sealed !== undefined) return { sealed: ref.sealed, scope: ownScope({ mesh: mesh.id, namespace, ref }) }
    const name = ref.secret ?? ''
    const secret = secrets.get(inNamespace(namespace, name))
    const known = secret === undefined ? undefined : versionOf(secret, version)
    if (known === undefined) return null
    return { sealed: known.sealed, scope: scopeOf({ mesh: mesh.id, namespace, of: { secret: name, version } }) }
  }

  #leader(): NodeId {
    const { leader } = this.#deps.control.lead()
    if (leader === null) throw new ClawError('NO_LEADER', { detail: 'this peer knows of none' })
    return leader
  }

  /** Tries for a while, across changes of the leader. */
  async #persist<T>(signal: AbortSignal, attempt: (limited: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(patience, () =>
      late.abort(new ClawError('DEADLINE_EXCEEDED', { what: 'the vault', ms: patience })),
    )
    const limited = AbortSignal.any([signal, late.signal])
    try {
      for (;;) {
        try {
          return await attempt(limited)
        } catch (error) {
          signal.throwIfAborted()
          const isPassing = late.signal.aborted || passing.some((code) => ClawError.is(error, code))
          if (!isPassing) throw error
          if (late.signal.aborted) throw unavailable(error)
        }
        await this.#pause(limited)
      }
    } finally {
      cancel()
    }
  }

  #pause(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#deps.clock.after(pause, resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    return promise.finally(cancel)
  }
}

function unavailable(cause: unknown): ClawError {
  const detail = cause instanceof ClawError ? cause.message.replace(/\.$/, '') : 'the leader did not answer in time'
  return new ClawError('SECRETS_UNAVAILABLE', { detail }, { cause })
}
