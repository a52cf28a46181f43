/**
 * Certificates that have come from the authority and that the mesh does not keep yet. They outlive the daemon, as an order that is lost
 * counts with the authority all the same.
 */
import { z } from 'zod'
import { renewalOf, wantedHosts } from '../../core/ingress/certificates.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { OrderedCertificate } from '../../ports/certificate-authority.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Control } from '../control/types.ts'
import type { KeyRing } from './key-ring.ts'

export interface ArrivalsDeps {
  readonly self: NodeId
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob' | 'removeBlob'>
  readonly ring: Pick<KeyRing, 'sealed' | 'keyIn'>
  readonly log: Log
}

export const arrivalsFile = 'acme-arrived.json'

/** The key is sealed to this node, as it is in the state. */
const Arrival = z.strictObject({
  ...{ host: z.string(), chain: z.string(), key: z.string() },
  ...{ notBefore: z.number(), notAfter: z.number() },
})
type Arrival = z.infer<typeof Arrival>

export class Arrivals {
  readonly #deps: ArrivalsDeps
  #held = new Map<string, Arrival>()

  constructor(deps: ArrivalsDeps) {
    this.#deps = deps
  }

  /** Reads what an earlier daemon has left. */
  async open(): Promise<void> {
    const bytes = await this.#deps.disk.readBlob(arrivalsFile)
    if (bytes === null) return
    try {
      const read = z.array(Arrival).parse(JSON.parse(Buffer.from(bytes).toString()))
      this.#held = new Map(read.map((one) => [one.host, one]))
    } catch (error) {
      // Nothing is lost but orders.
      this.#deps.log.warn('certificates that had come cannot be read', { file: arrivalsFile, error })
    }
  }

  has(host: string): boolean {
    return this.#held.has(host)
  }

  /** Null where there is none, or its key is not this node's. */
  find(host: string): OrderedCertificate | null {
    const held = this.#held.get(host)
    if (held === undefined) return null
    const { chain, notBefore, notAfter } = held
    const key = this.#deps.ring.keyIn(host, held.key)
    return key === null ? null : { chain, key, notBefore, notAfter }
  }

  async put(host: string, { chain, key, notBefore, notAfter }: OrderedCertificate): Promise<void> {
    const { self, ring } = this.#deps
    const sealed = ring.sealed(host, key, [self])[self]
    // Of a node that is no member any more, and keeps nothing.
    if (sealed === undefined) return
    this.#held.set(host, { host, chain, key: sealed, notBefore, notAfter })
    await this.#write()
  }

  async drop(...hosts: readonly string[]): Promise<void> {
    let isChanged = false
    for (const host of hosts) isChanged = this.#held.delete(host) || isChanged
    if (isChanged) await this.#write()
  }

  /** Drops what nobody wants any more, what is old or has a key that cannot be opened, and those in whose place others have come. */
  async tidy(state: Control['state'], now: Instant): Promise<void> {
    if (this.#held.size === 0) return
    const wanted = wantedHosts(state)
    const isOver = ({ host, notBefore, notAfter }: Arrival): boolean =>
      !wanted.has(host) ||
      renewalOf({ notBefore, notAfter }) <= now ||
      this.find(host) === null ||
      (state.certificates.get(host)?.shown?.notAfter ?? 0) >= notAfter
    await this.drop(...[...this.#held.values()].filter(isOver).map(({ host }) => host))
  }

  async #write(): Promise<void> {
    const { disk } = this.#deps
    const all = [...this.#held.values()]
    if (all.length === 0) await disk.removeBlob(arrivalsFile)
    else await disk.writeBlob(arrivalsFile, Buffer.from(JSON.stringify(all)), { secret: true })
  }
}
