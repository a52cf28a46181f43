/** The Gossip port over gossipsub: our topics, our limits, our verdicts; unsigned, because our messages carry their own signatures. */
import { createHash } from 'node:crypto'
import { type GossipSub, gossipsub, TopicValidatorResult } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import { ClawError } from '../../model/failure.ts'
import { type MeshId, type NodeId, nodeId } from '../../model/ids.ts'
import type { Gossip, Topic, Verdict } from '../../ports/gossip.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import { type GossipGate, maxGossipFrame } from './gossip-gate.ts'

/** Largest message of any topic. */
export const maxGossipBytes = 65_536

type GossipFactory = ReturnType<typeof gossipsub>

const digest = (data: Uint8Array | undefined): Uint8Array =>
  new Uint8Array(
    createHash('sha256')
      .update(data ?? new Uint8Array(0))
      .digest()
      .subarray(0, 20),
  )

/**
 * Everything that counts wrong deliveries stays as it is; everything that expects a peer to deliver much is off, because our topics
 * are quiet for minutes; and all peers may have one address, because they do on loopback and behind NAT.
 */
const scoreParams = {
  IPColocationFactorWeight: 0,
  appSpecificScore: () => 0,
  appSpecificWeight: 0,
}
const topicScore = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 1,
  firstMessageDeliveriesWeight: 0,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 1_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  /** Ten rejected messages within a minute or so: graylisted. */
  invalidMessageDeliveriesWeight: -1,
  invalidMessageDeliveriesDecay: 0.97,
}
const scoreThresholds = { gossipThreshold: -20, publishThreshold: -50, graylistThreshold: -80 }

/** A gossipsub that sees libp2p only through the gate. */
export function gatedGossipsub(gate: GossipGate, onBroken: (peer: NodeId, error: Error) => void): GossipFactory {
  const make = gossipsub({
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: ({ data }) => digest(data),
    fastMsgIdFn: ({ data }) => Buffer.from(digest(data)).toString('base64'),
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    emitSelf: false,
    doPX: false,
    tagMeshPeers: false,
    runOnLimitedConnection: true,
    maxInboundDataLength: maxGossipFrame,
    maxTopicBytesPerPeer: 65_536,
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: 256,
      maxIhaveMessageIDs: 1_000,
      maxIwantMessageIDs: 1_000,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 256,
      maxPeerInfos: 0,
    },
    scoreParams,
    scoreThresholds,
  })
  return ({ privateKey, peerId, peerStore, registrar, connectionManager, logger }) =>
    watched(
      make({ privateKey, peerId, peerStore, connectionManager, logger, registrar: gate.guard(registrar) }),
      onBroken,
    )
}

interface ReadErrors {
  handlePeerReadStreamError(error: Error, peer: PeerId): void
}

/** Gossipsub tells nobody that it has given up a peer's stream, except this method, which it keeps apart to be looked at. */
function watched(pubsub: GossipSub, onBroken: (peer: NodeId, error: Error) => void): GossipSub {
  const reading = pubsub as GossipSub & ReadErrors
  const giveUp = reading.handlePeerReadStreamError.bind(reading)
  reading.handlePeerReadStreamError = (error, peer) => {
    giveUp(error, peer)
    onBroken(nodeId(peer.toString()), error)
  }
  return pubsub
}

export interface MeshGossipDeps {
  readonly mesh: MeshId
  readonly pubsub: GossipSub
  readonly log: Log
  readonly metrics: Metrics
}

export class MeshGossip implements Gossip {
  readonly #deps: MeshGossipDeps

  constructor(deps: MeshGossipDeps) {
    this.#deps = deps
  }

  async publish<Message>(topic: Topic<Message>, message: Message): Promise<void> {
    const bytes = topic.message.encode(message)
    if (bytes.length > topic.maxBytes)
      throw new ClawError('TOO_LARGE', { what: `A message on ${topic.name}`, limit: topic.maxBytes })
    await this.#deps.pubsub.publish(this.#nameOf(topic), bytes)
  }

  subscribe<Message>(topic: Topic<Message>, handle: (message: Message, via: NodeId) => Verdict): Unsubscribe {
    const { pubsub } = this.#deps
    const name = this.#nameOf(topic)
    if (topic.maxBytes > maxGossipBytes) throw new Error(`${topic.name} allows larger messages than gossip does`)
    if (pubsub.topicValidators.has(name)) throw new Error(`${topic.name} has a subscriber already`)
    scoreOf(pubsub)[name] = topicScore
    pubsub.topicValidators.set(name, (peer, { data }) => {
      const verdict = this.#judge(topic, data, (message) => handle(message, nodeId(peer.toString())))
      if (verdict === 'reject') this.#deps.metrics.count('claw_gossip_rejected_total', { topic: topic.name })
      return verdicts[verdict]
    })
    pubsub.subscribe(name)
    return () => {
      pubsub.unsubscribe(name)
      pubsub.topicValidators.delete(name)
    }
  }

  #judge<Message>(topic: Topic<Message>, data: Uint8Array, handle: (message: Message) => Verdict): Verdict {
    if (data.length > topic.maxBytes) return 'reject'
    let message: Message
    try {
      message = topic.message.decode(data)
    } catch (error) {
      this.#deps.log.debug('not a message of its topic', { topic: topic.name, error })
      return 'reject'
    }
    try {
      return handle(message)
    } catch (error) {
      this.#deps.log.error('gossip handler failed', { topic: topic.name, error })
      return 'ignore'
    }
  }

  #nameOf({ name }: Pick<Topic<unknown>, 'name'>): string {
    return `${this.#deps.mesh}/${name}`
  }
}

const verdicts: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/** Scores per topic can only be set on the instance once topics are known; the library exposes them without declaring it. */
const scoreOf = (pubsub: GossipSub): Record<string, typeof topicScore> =>
  (
    pubsub as GossipSub & {
      readonly score: { readonly params: { readonly topics: Record<string, typeof topicScore> } }
    }
  ).score.params.topics
