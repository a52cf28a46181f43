/** What failure detectors say to each other. See protocols/membership.md. */
import type { NodeId } from '../model/ids.ts'
import { nodeId } from '../model/ids.ts'
import type { Liveness } from '../model/node.ts'
import type { Codec } from '../ports/codec.ts'
import type { NoticeProtocol } from '../ports/rpc.ts'
import type { SwimRumor } from './gen/membership.ts'
import { Swim, SwimKind, SwimState } from './gen/membership.ts'

/** What is said of a peer. Only the peer itself raises its incarnation; what is said of a lower one is outdated. */
export interface Rumor {
  readonly subject: NodeId
  readonly incarnation: number
  readonly state: Liveness
  /** Of a suspicion: who found by own probes that the subject does not answer. */
  readonly accusers: readonly NodeId[]
}

export type SwimMessage =
  | {
      readonly type: 'ping'
      readonly sequence: number
      readonly incarnation: number
      readonly rumors: readonly Rumor[]
    }
  | {
      readonly type: 'ask'
      readonly sequence: number
      readonly incarnation: number
      readonly target: NodeId
      readonly rumors: readonly Rumor[]
    }
  | { readonly type: 'ack'; readonly sequence: number; readonly incarnation: number; readonly rumors: readonly Rumor[] }
  | { readonly type: 'nack'; readonly sequence: number }
  | { readonly type: 'rumors'; readonly incarnation: number; readonly rumors: readonly Rumor[] }

/** How many rumors fit in one message. */
export const maxRumors = 16
/** How many accusers of one suspicion are passed on: more would not make it more credible. */
export const maxAccusers = 4

const longestId = 128
/** So far up that no honest node gets there, and far enough from the end to be refuted by counting on. */
const highestIncarnation = 2 ** 52

const kinds = {
  ping: SwimKind.SWIM_PING,
  ask: SwimKind.SWIM_ASK,
  ack: SwimKind.SWIM_ACK,
  nack: SwimKind.SWIM_NACK,
  rumors: SwimKind.SWIM_RUMORS,
} as const

const states = {
  alive: SwimState.SWIM_ALIVE,
  suspect: SwimState.SWIM_SUSPECT,
  lost: SwimState.SWIM_LOST,
  left: SwimState.SWIM_LEFT,
} as const

const codec: Codec<SwimMessage> = {
  encode(message) {
    const rumors = 'rumors' in message ? message.rumors : []
    return Swim.encode({
      kind: kinds[message.type],
      sequence: 'sequence' in message ? message.sequence : 0,
      incarnation: 'incarnation' in message ? message.incarnation : 0,
      target: 'target' in message ? message.target : '',
      rumors: rumors.map((rumor) => ({ ...rumor, state: states[rumor.state], accusers: [...rumor.accusers] })),
    })
  },
  decode(bytes) {
    const { kind, sequence, incarnation, target, rumors: carried } = Swim.decode(bytes)
    if (carried.length > maxRumors) throw new Error('too many rumors')
    const rumors = carried.map(checkedRumor)
    checkIncarnation(incarnation)
    switch (kind) {
      case SwimKind.SWIM_PING:
        return { type: 'ping', sequence, incarnation, rumors }
      case SwimKind.SWIM_ASK:
        return { type: 'ask', sequence, incarnation, target: checkedId(target), rumors }
      case SwimKind.SWIM_ACK:
        return { type: 'ack', sequence, incarnation, rumors }
      case SwimKind.SWIM_NACK:
        return { type: 'nack', sequence }
      case SwimKind.SWIM_RUMORS:
        return { type: 'rumors', incarnation, rumors }
      case SwimKind.SWIM_UNKNOWN:
        throw new Error('message of no kind')
    }
  },
}

/** Small, urgent and worthless when late: notices on the control lane, which nothing large can delay. */
export const swim: NoticeProtocol<SwimMessage> = {
  kind: 'notice',
  id: '/clawbernetes/membership/swim/1.0.0',
  audience: 'members',
  lane: 'control',
  message: codec,
  maxBytes: 8_192,
  maxInbound: 64,
}

function checkedRumor({ subject, incarnation, state, accusers }: SwimRumor): Rumor {
  if (accusers.length > maxAccusers) throw new Error('too many accusers')
  checkIncarnation(incarnation)
  return {
    subject: checkedId(subject),
    incarnation,
    state: livenessOf(state),
    accusers: accusers.map(checkedId),
  }
}

function livenessOf(state: SwimState): Liveness {
  switch (state) {
    case SwimState.SWIM_ALIVE:
      return 'alive'
    case SwimState.SWIM_SUSPECT:
      return 'suspect'
    case SwimState.SWIM_LOST:
      return 'lost'
    case SwimState.SWIM_LEFT:
      return 'left'
  }
}

function checkedId(text: string): NodeId {
  if (text.length === 0 || text.length > longestId) throw new Error('id has a wrong size')
  return nodeId(text)
}

function checkIncarnation(incarnation: number): void {
  if (!Number.isSafeInteger(incarnation) || incarnation > highestIncarnation) throw new Error('incarnation too high')
}
