/** The admission service: lets newcomers in, signs certificates, keeps this node's own certificate and addresses up to date. */
import { isDueForRenewal, readCertificate } from '../../core/admission/certificate.ts'
import { isPeerAddress } from '../../lib/peer-id.ts'
import type { Change } from '../../core/state/types.ts'
import { nodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Denial } from '../../ports/audit.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { issueCertificate, join } from '../../wire/admission.ts'
import type { Control } from '../control/types.ts'
import { foundingCommand } from './found-mesh.ts'
import type { AdmissionGate } from './gate.ts'
import { JoinDesk } from './join-desk.ts'
import type { StoredMembership } from './membership-file.ts'
import { writeMembership } from './membership-file.ts'
import type { MeshKeyHolder } from './mesh-key.ts'

export interface AdmissionDeps {
  readonly control: Control
  readonly rpc: Rpc
  readonly peers: Peers
  readonly gate: AdmissionGate
  readonly meshKey: MeshKeyHolder
  readonly membership: StoredMembership
  readonly disk: Pick<Disk, 'writeBlob'>
  readonly clock: Clock
  readonly log: Log
  readonly onDenial?: (denial: Denial) => void
}

/** How often this node looks whether something of its own is out of date. */
const lookEvery: Millis = 10 * second
/** The same for as long as the mesh does not know where this node is: without that, its other peers cannot find it. */
const lookAgain: Millis = second / 2

export class AdmissionService implements Service {
  readonly name = 'admission'
  readonly #deps: AdmissionDeps
  readonly #desk: JoinDesk
  readonly #undo: Unsubscribe[] = []
  #membership: StoredMembership
  #stopped = new AbortController()
  #stopLooking: () => void = () => {}
  #looking: Promise<void> = Promise.resolve()

  constructor(deps: AdmissionDeps) {
    this.#deps = deps
    this.#desk = new JoinDesk(deps)
    this.#membership = deps.membership
  }

  start(): Promise<void> {
    const { rpc, control, gate } = this.#deps
    this.#stopped = new AbortController()
    this.#undo.push(
      rpc.serve(join, (request, from, signal) => this.#desk.join(request, from, signal)),
      rpc.serve(issueCertificate, async ({ node, atLeast }, _from, signal) => {
        if (atLeast > 0) await control.fresh({ atLeast }, signal)
        const certificate = this.#deps.meshKey.issue(nodeId(node), this.#deps.clock.now())
        return { certificate: new Uint8Array(certificate) }
      }),
      control.onChange((changes: readonly Change[]) => gate.changed(changes)),
    )
    this.#lookSoon(0)
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopLooking()
    this.#stopped.abort(new Error('the service stops'))
    for (const take of this.#undo.splice(0)) take()
    await this.#looking
  }

  #lookSoon(wait: Millis): void {
    const { clock, log } = this.#deps
    this.#stopLooking = clock.after(wait, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => {
          if (!this.#stopped.signal.aborted) log.debug('will look again at our own membership', { error })
          return true
        })
        .then((isKnown) => {
          if (!this.#stopped.signal.aborted) this.#lookSoon(isKnown ? lookEvery : lookAgain)
        })
    })
  }

  /** Each step may fail while the mesh has no leader; the next look takes it up again. Does the mesh know where this node is? */
  async #look(): Promise<boolean> {
    await this.#found()
    const isKnown = await this.#tellAddresses()
    await this.#renew()
    return isKnown
  }

  /** The founder's first command, until it has been applied. */
  async #found(): Promise<void> {
    const { control, peers } = this.#deps
    const command = foundingCommand(this.#membership)
    if (command === null || control.state.mesh !== null) return
    await control.execute(command, { id: 'found', by: peers.self, signal: this.#stopped.signal })
  }

  /** False while there is nothing to tell, or nobody to tell it to. */
  async #tellAddresses(): Promise<boolean> {
    const { control, peers } = this.#deps
    const node = peers.self
    const known = control.state.members.get(node)
    const addresses = peers.addresses().filter(isPeerAddress).slice(0, 32).toSorted()
    if (known === undefined || addresses.length === 0) return false
    if (addresses.join() === known.addresses.toSorted().join()) return true
    const id = `addresses:${node}:${this.#deps.clock.now()}`
    await control.execute({ type: 'update-member', node, addresses }, { id, by: node, signal: this.#stopped.signal })
    return true
  }

  async #renew(): Promise<void> {
    const { control, peers, clock, gate, disk, log } = this.#deps
    const own = readCertificate(gate.certificate())
    const member = control.state.members.get(peers.self)
    if (own === null || member === undefined) return
    if (!isDueForRenewal(own, clock.now()) && own.epoch === member.epoch) return
    const certificate = await this.#desk.certificate(peers.self, 0, this.#stopped.signal)
    this.#membership = { ...this.#membership, certificate, addresses: this.#knownAddresses() }
    await writeMembership(disk, this.#membership)
    gate.renewed(certificate)
    log.info('this node has a new certificate', { epoch: member.epoch })
  }

  #knownAddresses(): readonly string[] {
    const { control, peers } = this.#deps
    const others = [...control.state.members.values()].filter(({ id }) => id !== peers.self)
    const now = others.flatMap(({ addresses }) => addresses)
    return now.length > 0 ? now.slice(0, 1_024) : this.#membership.addresses
  }
}
