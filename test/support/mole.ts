/** A hostile peer that got hold of a join token: its certificate is good, its intentions are not. It shows life, so that it may stay. */
import { type Identity, newIdentity } from '../../src/adapters/keys/identity.ts'
import { createVerifier } from '../../src/adapters/keys/signatures.ts'
import { openVisitor } from '../../src/adapters/libp2p/visitor.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { decodeToken } from '../../src/core/admission/join-token.ts'
import type { NodeReport } from '../../src/model/report.ts'
import { joinMesh } from '../../src/services/admission/join-mesh.ts'
import type { StoredMembership } from '../../src/services/admission/membership-file.ts'
import { capacityTag, capacityTopic, type SignedReport } from '../../src/wire/capacity.ts'
import { reportCodec } from '../../src/wire/report-codec.ts'
import { HostilePeer, type Lanes } from './hostile-peer.ts'
import { memoryBlobs } from './member.ts'
import { eventually } from './mesh.ts'

export class Mole {
  readonly identity: Identity
  readonly membership: StoredMembership
  readonly peer: HostilePeer
  readonly lanes: Lanes

  private constructor(
    identity: Identity,
    { membership, peer, lanes }: { membership: StoredMembership; peer: HostilePeer; lanes: Lanes },
  ) {
    this.identity = identity
    this.membership = membership
    this.peer = peer
    this.lanes = lanes
  }

  /** Joins with the token, and connects to the member that made it. */
  static async join(token: string, name: string): Promise<Mole> {
    const identity = newIdentity()
    const membership = await joinMesh(
      { token, name, labels: {}, addresses: [] },
      {
        self: identity.id,
        sealKey: identity.sealer.sealKey,
        verifier: createVerifier(),
        clock: systemClock,
        disk: memoryBlobs(),
        openVisitor: (networkKey) => openVisitor({ identity, networkKey, clock: systemClock }),
      },
      AbortSignal.timeout(30_000),
    )
    const peer = await HostilePeer.start(identity.seed)
    const connection = await peer.dial(decodeToken(token, systemClock.now()).addresses)
    const lanes = await peer.greet(connection, membership.mesh, membership.certificate)
    peer.stay(lanes)
    return new Mole(identity, { membership, peer, lanes })
  }

  async stop(): Promise<void> {
    await this.peer.stop()
  }

  /** Listens to the reports of all nodes, and waits until it may speak among them. */
  async gossip(hear: (message: Uint8Array) => void = () => {}): Promise<void> {
    const { pubsub } = this.peer.node.services
    pubsub.addEventListener('message', ({ detail }) => {
      hear(detail.data)
    })
    pubsub.subscribe(this.topic)
    await eventually(
      'it gossips with somebody',
      15_000,
      () => Promise.resolve(pubsub.getSubscribers(this.topic).length),
      (count) => count > 0,
    )
  }

  get topic(): string {
    return `${this.membership.mesh}/${capacityTopic.name}`
  }

  /** A report of this node, or, forged, of another. */
  signed(report: Partial<NodeReport>): SignedReport {
    const bytes = reportCodec.encode({ ...blank, node: this.identity.id, ...report })
    return { report: bytes, signature: this.identity.signer.sign(capacityTag, this.membership.mesh, bytes) }
  }

  async publish(message: Uint8Array | SignedReport): Promise<void> {
    const bytes = message instanceof Uint8Array ? message : capacityTopic.message.encode(message)
    await this.peer.node.services.pubsub.publish(this.topic, bytes)
  }
}

const blank: Omit<NodeReport, 'node'> = {
  incarnation: 1,
  sequence: 1,
  at: 0,
  gpus: [],
  busy: [],
  host: { cpuUtilization: 0, memoryUsedMib: 0, memoryTotalMib: 1, diskFreeMib: 1 },
  problems: [],
  version: '0.0.0',
}
