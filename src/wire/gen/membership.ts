// Generated from protocols/membership.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Swim {
  kind: SwimKind
  sequence: number
  incarnation: number
  target: string
  rumors: SwimRumor[]
}

export namespace Swim {
  let _codec: Codec<Swim>

  export const codec = (): Codec<Swim> => {
    if (_codec == null) {
      _codec = message<Swim>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.kind != null && __SwimKindValues[obj.kind] !== 0) {
          w.uint32(8)
          SwimKind.codec().encode(obj.kind, w)
        }

        if ((obj.sequence != null && obj.sequence !== 0)) {
          w.uint32(16)
          w.uint32(obj.sequence)
        }

        if ((obj.incarnation != null && obj.incarnation !== 0)) {
          w.uint32(24)
          w.uint64Number(obj.incarnation)
        }

        if ((obj.target != null && obj.target !== '')) {
          w.uint32(34)
          w.string(obj.target)
        }

        if (obj.rumors != null && obj.rumors.length > 0) {
          for (const value of obj.rumors) {
            w.uint32(42)
            SwimRumor.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          kind: SwimKind.SWIM_UNKNOWN,
          sequence: 0,
          incarnation: 0,
          target: '',
          rumors: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.kind = SwimKind.codec().decode(reader)
              break
            }
            case 2: {
              obj.sequence = reader.uint32()
              break
            }
            case 3: {
              obj.incarnation = reader.uint64Number()
              break
            }
            case 4: {
              obj.target = reader.string()
              break
            }
            case 5: {
              if (opts.limits?.rumors != null && obj.rumors.length === opts.limits.rumors) {
                throw new MaxLengthError('Decode error - repeated field "rumors" had too many elements')
              }

              obj.rumors.push(SwimRumor.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.rumors$
              }))
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          rumors: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.kind`,
                value: SwimKind.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.sequence`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.incarnation`,
                value: reader.uint64Number()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.target`,
                value: reader.string()
              }
              break
            }
            case 5: {
              if (opts.limits?.rumors != null && obj.rumors === opts.limits.rumors) {
                throw new MaxLengthError('Streaming decode error - repeated field "rumors" had too many elements')
              }

              for (const evt of SwimRumor.codec().stream(reader, reader.uint32(), `${prefix}.rumors[]`, {
                limits: opts.limits?.rumors$
              })) {
                yield {
                  ...evt,
                  index: obj.rumors
                }
              }

              obj.rumors++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface SwimKindFieldEvent {
    field: '$.kind'
    value: SwimKind
  }

  export interface SwimSequenceFieldEvent {
    field: '$.sequence'
    value: number
  }

  export interface SwimIncarnationFieldEvent {
    field: '$.incarnation'
    value: number
  }

  export interface SwimTargetFieldEvent {
    field: '$.target'
    value: string
  }

  export interface SwimRumorsSubjectFieldEvent {
    field: '$.rumors[].subject'
    value: string
    index: number
  }

  export interface SwimRumorsIncarnationFieldEvent {
    field: '$.rumors[].incarnation'
    value: number
    index: number
  }

  export interface SwimRumorsStateFieldEvent {
    field: '$.rumors[].state'
    value: SwimState
    index: number
  }

  export interface SwimRumorsAccusersFieldEvent {
    field: '$.rumors[].accusers[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<Swim>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Swim.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Swim>): Swim {
    return decodeMessage(buf, Swim.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Swim>): Generator<SwimKindFieldEvent | SwimSequenceFieldEvent | SwimIncarnationFieldEvent | SwimTargetFieldEvent | SwimRumorsSubjectFieldEvent | SwimRumorsIncarnationFieldEvent | SwimRumorsStateFieldEvent | SwimRumorsAccusersFieldEvent> {
    return streamMessage(buf, Swim.codec(), opts)
  }
}

export enum SwimKind {
  SWIM_UNKNOWN = 'SWIM_UNKNOWN',
  SWIM_PING = 'SWIM_PING',
  SWIM_ASK = 'SWIM_ASK',
  SWIM_ACK = 'SWIM_ACK',
  SWIM_NACK = 'SWIM_NACK',
  SWIM_RUMORS = 'SWIM_RUMORS'
}

enum __SwimKindValues {
  SWIM_UNKNOWN = 0,
  SWIM_PING = 1,
  SWIM_ASK = 2,
  SWIM_ACK = 3,
  SWIM_NACK = 4,
  SWIM_RUMORS = 5
}

export namespace SwimKind {
  export const codec = (): Codec<SwimKind> => {
    return enumeration<SwimKind>(__SwimKindValues)
  }
}

export interface SwimRumor {
  subject: string
  incarnation: number
  state: SwimState
  accusers: string[]
}

export namespace SwimRumor {
  let _codec: Codec<SwimRumor>

  export const codec = (): Codec<SwimRumor> => {
    if (_codec == null) {
      _codec = message<SwimRumor>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.subject != null && obj.subject !== '')) {
          w.uint32(10)
          w.string(obj.subject)
        }

        if ((obj.incarnation != null && obj.incarnation !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.incarnation)
        }

        if (obj.state != null && __SwimStateValues[obj.state] !== 0) {
          w.uint32(24)
          SwimState.codec().encode(obj.state, w)
        }

        if (obj.accusers != null && obj.accusers.length > 0) {
          for (const value of obj.accusers) {
            w.uint32(34)
            w.string(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          subject: '',
          incarnation: 0,
          state: SwimState.SWIM_ALIVE,
          accusers: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.subject = reader.string()
              break
            }
            case 2: {
              obj.incarnation = reader.uint64Number()
              break
            }
            case 3: {
              obj.state = SwimState.codec().decode(reader)
              break
            }
            case 4: {
              if (opts.limits?.accusers != null && obj.accusers.length === opts.limits.accusers) {
                throw new MaxLengthError('Decode error - repeated field "accusers" had too many elements')
              }

              obj.accusers.push(reader.string())
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          accusers: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.subject`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.incarnation`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.state`,
                value: SwimState.codec().decode(reader)
              }
              break
            }
            case 4: {
              if (opts.limits?.accusers != null && obj.accusers === opts.limits.accusers) {
                throw new MaxLengthError('Streaming decode error - repeated field "accusers" had too many elements')
              }

              yield {
                field: `${prefix}.accusers[]`,
                index: obj.accusers,
                value: reader.string()
              }

              obj.accusers++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface SwimRumorSubjectFieldEvent {
    field: '$.subject'
    value: string
  }

  export interface SwimRumorIncarnationFieldEvent {
    field: '$.incarnation'
    value: number
  }

  export interface SwimRumorStateFieldEvent {
    field: '$.state'
    value: SwimState
  }

  export interface SwimRumorAccusersFieldEvent {
    field: '$.accusers[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<SwimRumor>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SwimRumor.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SwimRumor>): SwimRumor {
    return decodeMessage(buf, SwimRumor.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SwimRumor>): Generator<SwimRumorSubjectFieldEvent | SwimRumorIncarnationFieldEvent | SwimRumorStateFieldEvent | SwimRumorAccusersFieldEvent> {
    return streamMessage(buf, SwimRumor.codec(), opts)
  }
}

export enum SwimState {
  SWIM_ALIVE = 'SWIM_ALIVE',
  SWIM_SUSPECT = 'SWIM_SUSPECT',
  SWIM_LOST = 'SWIM_LOST',
  SWIM_LEFT = 'SWIM_LEFT'
}

enum __SwimStateValues {
  SWIM_ALIVE = 0,
  SWIM_SUSPECT = 1,
  SWIM_LOST = 2,
  SWIM_LEFT = 3
}

export namespace SwimState {
  export const codec = (): Codec<SwimState> => {
    return enumeration<SwimState>(__SwimStateValues)
  }
}
