/** Keys of certificates that this node can open, and how they are sealed for others. */
import { certificateScope } from '../../core/ingress/certificates.ts'
import { sealedTo } from '../../model/certificate.ts'
import type { NodeId } from '../../model/ids.ts'
import type { ShownPair } from '../../ports/ingress-door.ts'
import type { Sealer } from '../../ports/keys.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Control } from '../control/types.ts'

export interface KeyRingDeps {
  readonly self: NodeId
  readonly mesh: string
  readonly control: Pick<Control, 'state'>
  readonly sealer: Pick<Sealer, 'seal' | 'open'>
}

interface Opened {
  readonly sealed: string
  readonly pair: ShownPair
}

export class KeyRing {
  readonly #deps: KeyRingDeps
  readonly #listeners = new Set<() => void>()
  #opened: ReadonlyMap<string, Opened> = new Map()
  /** Why one could not be opened. */
  problem: string | null = null

  constructor(deps: KeyRingDeps) {
    this.#deps = deps
  }

  get pairs(): readonly ShownPair[] {
    return [...this.#opened.values()].map(({ pair }) => pair)
  }

  pairOf(host: string): ShownPair | null {
    return this.#opened.get(host)?.pair ?? null
  }

  /** Tells when `pairs` are others. */
  onPairs(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** All that the state has for this node now. */
  open(): void {
    const { self, control } = this.#deps
    const opened = new Map<string, Opened>()
    const closed: string[] = []
    for (const { host, shown } of control.state.certificates.values()) {
      const sealed = shown === null ? undefined : sealedTo(shown, self)
      if (shown === null || sealed === undefined) continue
      const before = this.#opened.get(host)
      if (before?.sealed === sealed && before.pair.cert === shown.chain) {
        opened.set(host, before)
        continue
      }
      const key = this.keyIn(host, sealed)
      if (key === null) closed.push(host)
      else opened.set(host, { sealed, pair: { host, cert: shown.chain, key } })
    }
    this.problem = closed.length === 0 ? null : `the key for ${closed.join(', ')} cannot be opened`
    const isSame =
      opened.size === this.#opened.size && [...opened].every(([host, one]) => this.#opened.get(host) === one)
    this.#opened = opened
    if (!isSame) for (const listener of this.#listeners) listener()
  }

  /** Null for what was sealed to another, or for another host. */
  keyIn(host: string, sealed: string): string | null {
    const { mesh, sealer } = this.#deps
    const key = sealer.open(certificateScope(mesh, host), sealed)
    return key === null ? null : Buffer.from(key).toString()
  }

  /** For those of these nodes that are members. */
  sealed(host: string, key: string, nodes: readonly NodeId[]): Readonly<Record<NodeId, string>> {
    const { mesh, control, sealer } = this.#deps
    const keys: Record<NodeId, string> = {}
    for (const node of nodes) {
      const member = control.state.members.get(node)
      if (member !== undefined) keys[node] = sealer.seal(member.sealKey, certificateScope(mesh, host), Buffer.from(key))
    }
    return keys
  }
}
