/** A member as the daemon composes it, as far as identity and network go. */
import { supported } from '../../src/core/state/versions.ts'
import { type Identity, newIdentity } from '../../src/adapters/keys/identity.ts'
import { meshKeys } from '../../src/adapters/keys/mesh-keys.ts'
import { createVerifier } from '../../src/adapters/keys/signatures.ts'
import { createHost, type Host } from '../../src/adapters/libp2p/host.ts'
import { defaultHostSettings, type HostSettings } from '../../src/adapters/libp2p/settings.ts'
import { openVisitor } from '../../src/adapters/libp2p/visitor.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { systemRandom } from '../../src/adapters/system/random.ts'
import type { Disk } from '../../src/ports/journal.ts'
import { silent } from '../../src/ports/log.ts'
import { foundMesh } from '../../src/services/admission/found-mesh.ts'
import { AdmissionGate } from '../../src/services/admission/gate.ts'
import { type Invitation, invite } from '../../src/services/admission/invite.ts'
import { joinMesh } from '../../src/services/admission/join-mesh.ts'
import { knownMembers } from '../../src/services/admission/known-members.ts'
import { readMembership, type StoredMembership } from '../../src/services/admission/membership-file.ts'
import { MeshKeyHolder, publicKeyIn } from '../../src/services/admission/mesh-key.ts'
import { MeshLinksService } from '../../src/services/admission/mesh-links.ts'
import { AdmissionService } from '../../src/services/admission/service.ts'
import type { SharedControl } from './shared-control.ts'
import { Tally } from './tally.ts'

type Blobs = Pick<Disk, 'readBlob' | 'writeBlob'>

export function memoryBlobs(): Blobs {
  const blobs = new Map<string, Uint8Array>()
  return {
    readBlob: (name) => Promise.resolve(blobs.get(name) ?? null),
    writeBlob: (name, bytes) => Promise.resolve(void blobs.set(name, bytes)),
  }
}

const loopback: HostSettings = { ...defaultHostSettings, mdns: false, listen: ['/ip4/127.0.0.1/tcp/0'] }
const verifier = createVerifier()

export interface MemberInit {
  readonly control: SharedControl
  readonly identity?: Identity
  readonly disk?: Blobs
  readonly settings?: Partial<HostSettings>
}

export class Member {
  readonly identity: Identity
  readonly disk: Blobs
  readonly tally = new Tally()
  readonly #init: MemberInit
  #host: Host | null = null
  #services: { start(): Promise<void>; stop(): Promise<void> }[] = []

  constructor(init: MemberInit) {
    this.#init = init
    this.identity = init.identity ?? newIdentity()
    this.disk = init.disk ?? memoryBlobs()
  }

  get host(): Host {
    if (this.#host === null) throw new Error('it is not started')
    return this.#host
  }

  async found(name: string): Promise<StoredMembership> {
    const { id: self, sealer } = this.identity
    return foundMesh(
      { mesh: 'lab', name, labels: {}, networkKey: null },
      { self, sealer, keys: meshKeys, clock: systemClock, disk: this.disk },
    )
  }

  async join(token: string, name: string): Promise<StoredMembership> {
    const { id: self, sealer } = this.identity
    return joinMesh(
      { token, name, labels: { rack: 'r1' }, addresses: [] },
      {
        self,
        sealKey: sealer.sealKey,
        verifier,
        clock: systemClock,
        disk: this.disk,
        openVisitor: (networkKey) => openVisitor({ identity: this.identity, networkKey, clock: systemClock }),
      },
      AbortSignal.timeout(20_000),
    )
  }

  async start(): Promise<void> {
    const stored = await readMembership(this.disk)
    if (stored === null) throw new Error('it belongs to no mesh')
    const { id: self, sealer } = this.identity
    const control = this.#init.control.at(self)
    const state = () => control.state
    const gate = new AdmissionGate({
      mesh: { id: stored.mesh, publicKey: publicKeyIn(stored.genesis) },
      certificate: stored.certificate,
      verifier,
      clock: systemClock,
      state,
    })
    const known = knownMembers(stored.addresses, state)
    const host = await createHost({
      identity: this.identity,
      mesh: stored.mesh,
      software: '0.0.0-test',
      applies: supported,
      settings: { ...loopback, ...this.#init.settings },
      admission: gate,
      addressesOf: (node) => known.addressesOf(node),
      log: silent,
      metrics: this.tally,
      clock: systemClock,
    })
    const common = { ...host, control, clock: systemClock, log: silent }
    const meshKey = new MeshKeyHolder({ self, sealer, keys: meshKeys, state })
    this.#host = host
    this.#services = [
      host.service,
      new MeshLinksService({ ...common, random: systemRandom, ...known, voters: () => control.status().voters }),
      new AdmissionService({ ...common, gate, meshKey, membership: stored, disk: this.disk }),
    ]
    for (const service of this.#services) await service.start()
  }

  async stop(): Promise<void> {
    for (const service of this.#services.splice(0).toReversed()) await service.stop()
  }

  async invite(invitation: Partial<Invitation> = {}): Promise<string> {
    const control = this.#init.control.at(this.identity.id)
    const deps = { control, peers: this.host.peers, clock: systemClock, random: systemRandom, networkKey: null }
    const wanted = { ttl: 60_000, roles: ['member'], labels: {}, by: 'socket', ...invitation }
    return (await invite(wanted, deps, AbortSignal.timeout(10_000))).token
  }
}
