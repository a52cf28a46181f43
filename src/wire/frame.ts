/** The envelope of every message between two peers: its codec, its version and its hard limits. See protocols/frame.md. */
import { isTooDeep, shallowJson } from '../lib/nesting.ts'
import { type ClawError, failureBody, failureFrom } from '../model/failure.ts'
import type { Codec } from '../ports/codec.ts'
import type { Lane } from '../ports/rpc.ts'
import { CallFailure, Frame, FrameKind, Hello } from './gen/frame.ts'

export { FrameKind } from './gen/frame.ts'

/** Two peers with different numbers do not understand each other's frames. */
export const frameVersion = 1

/** The libp2p protocols of the two long-lived streams of a pair of members. */
export const laneProtocols: Readonly<Record<Lane, string>> = {
  control: '/clawbernetes/mux/control/1.0.0',
  bulk: '/clawbernetes/mux/bulk/1.0.0',
}

/** Largest message that may travel on a lane at all. A protocol's own `maxBytes` must not be larger. */
export const laneMaxBytes: Readonly<Record<Lane, number>> = { control: 1_048_576, bulk: 8_388_608 }

/** What an envelope adds to its payload at most. */
export const frameOverhead = 512

/** How many bytes of items a reader takes before it has read any of them. */
export const streamWindow = 262_144

export interface FrameMessage {
  readonly kind: FrameKind
  readonly call: number
  readonly protocol: string
  readonly payload: Uint8Array
  readonly credit: number
  readonly channel: number
}

export interface HelloMessage {
  readonly certificate: Uint8Array
  readonly mesh: string
  readonly version: number
  readonly software: string
  readonly oldestState: number
  readonly newestState: number
}

const nothing = new Uint8Array(0)

/** A frame of this kind with the fields that it has; the others are empty. */
export const frame = (kind: FrameKind, fields: Partial<Omit<FrameMessage, 'kind'>> = {}): FrameMessage => ({
  kind,
  call: fields.call ?? 0,
  protocol: fields.protocol ?? '',
  payload: fields.payload ?? nothing,
  credit: fields.credit ?? 0,
  channel: fields.channel ?? 0,
})

export const frameCodec: Codec<FrameMessage> = {
  encode: (message) => Frame.encode(message as Frame),
  decode(bytes) {
    const decoded: FrameMessage = Frame.decode(bytes)
    if (decoded.kind === FrameKind.UNKNOWN) throw new Error('frame of no kind')
    if (decoded.protocol.length > 200) throw new Error('protocol id too long')
    return decoded
  },
}

export const helloCodec: Codec<HelloMessage> = {
  encode: (message) => Hello.encode(message as Hello),
  decode(bytes) {
    if (bytes.length > 4_096) throw new Error('hello too long')
    return Hello.decode(bytes)
  },
}

/** An expected failure as a payload, cut to what a frame may hold. */
export function encodeFailure(error: ClawError): Uint8Array {
  const { code, message, hint, facts } = failureBody(error)
  const text = isTooDeep(facts) ? '' : JSON.stringify(facts)
  return CallFailure.encode({
    code,
    message: message.slice(0, 8_192),
    hint: hint.slice(0, 1_024),
    facts: text.length > 65_536 ? '' : text,
  })
}

/** The failure that was encoded. Throws on anything that is not one, or is nested too deep. */
export function decodeFailure(bytes: Uint8Array): ClawError {
  const { code, message, hint, facts } = CallFailure.decode(bytes)
  return failureFrom({ code, message, hint, facts: facts === '' ? null : shallowJson(facts) })
}
