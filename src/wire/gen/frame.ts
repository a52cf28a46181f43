// Generated from protocols/frame.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, enumeration, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Frame {
  kind: FrameKind
  call: number
  protocol: string
  payload: Uint8Array<ArrayBuffer>
  credit: number
  channel: number
}

export namespace Frame {
  let _codec: Codec<Frame>

  export const codec = (): Codec<Frame> => {
    if (_codec == null) {
      _codec = message<Frame>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.kind != null && __FrameKindValues[obj.kind] !== 0) {
          w.uint32(8)
          FrameKind.codec().encode(obj.kind, w)
        }

        if ((obj.call != null && obj.call !== 0)) {
          w.uint32(16)
          w.uint32(obj.call)
        }

        if ((obj.protocol != null && obj.protocol !== '')) {
          w.uint32(26)
          w.string(obj.protocol)
        }

        if ((obj.payload != null && obj.payload.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.payload)
        }

        if ((obj.credit != null && obj.credit !== 0)) {
          w.uint32(40)
          w.uint32(obj.credit)
        }

        if ((obj.channel != null && obj.channel !== 0)) {
          w.uint32(48)
          w.uint32(obj.channel)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          kind: FrameKind.UNKNOWN,
          call: 0,
          protocol: '',
          payload: uint8ArrayAlloc(0),
          credit: 0,
          channel: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.kind = FrameKind.codec().decode(reader)
              break
            }
            case 2: {
              obj.call = reader.uint32()
              break
            }
            case 3: {
              obj.protocol = reader.string()
              break
            }
            case 4: {
              obj.payload = reader.bytes()
              break
            }
            case 5: {
              obj.credit = reader.uint32()
              break
            }
            case 6: {
              obj.channel = reader.uint32()
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
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.kind`,
                value: FrameKind.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.call`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.protocol`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.payload`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.credit`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.channel`,
                value: reader.uint32()
              }
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

  export interface FrameKindFieldEvent {
    field: '$.kind'
    value: FrameKind
  }

  export interface FrameCallFieldEvent {
    field: '$.call'
    value: number
  }

  export interface FrameProtocolFieldEvent {
    field: '$.protocol'
    value: string
  }

  export interface FramePayloadFieldEvent {
    field: '$.payload'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FrameCreditFieldEvent {
    field: '$.credit'
    value: number
  }

  export interface FrameChannelFieldEvent {
    field: '$.channel'
    value: number
  }

  export function encode (obj: Partial<Frame>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Frame.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Frame {
    return decodeMessage(buf, Frame.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Generator<FrameKindFieldEvent | FrameCallFieldEvent | FrameProtocolFieldEvent | FramePayloadFieldEvent | FrameCreditFieldEvent | FrameChannelFieldEvent> {
    return streamMessage(buf, Frame.codec(), opts)
  }
}

export enum FrameKind {
  UNKNOWN = 'UNKNOWN',
  HELLO = 'HELLO',
  REQUEST = 'REQUEST',
  RESPONSE = 'RESPONSE',
  FAILURE = 'FAILURE',
  ITEM = 'ITEM',
  END = 'END',
  CREDIT = 'CREDIT',
  CANCEL = 'CANCEL',
  NOTICE = 'NOTICE',
  PING = 'PING',
  RETIRE = 'RETIRE',
  GOODBYE = 'GOODBYE',
  WELCOME = 'WELCOME',
  INPUT = 'INPUT',
  INPUT_CREDIT = 'INPUT_CREDIT'
}

enum __FrameKindValues {
  UNKNOWN = 0,
  HELLO = 1,
  REQUEST = 2,
  RESPONSE = 3,
  FAILURE = 4,
  ITEM = 5,
  END = 6,
  CREDIT = 7,
  CANCEL = 8,
  NOTICE = 9,
  PING = 10,
  RETIRE = 11,
  GOODBYE = 12,
  WELCOME = 13,
  INPUT = 14,
  INPUT_CREDIT = 15
}

export namespace FrameKind {
  export const codec = (): Codec<FrameKind> => {
    return enumeration<FrameKind>(__FrameKindValues)
  }
}

export interface Hello {
  certificate: Uint8Array<ArrayBuffer>
  mesh: string
  version: number
  software: string
  oldestState: number
  newestState: number
}

export namespace Hello {
  let _codec: Codec<Hello>

  export const codec = (): Codec<Hello> => {
    if (_codec == null) {
      _codec = message<Hello>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.certificate != null && obj.certificate.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.certificate)
        }

        if ((obj.mesh != null && obj.mesh !== '')) {
          w.uint32(18)
          w.string(obj.mesh)
        }

        if ((obj.version != null && obj.version !== 0)) {
          w.uint32(24)
          w.uint32(obj.version)
        }

        if ((obj.software != null && obj.software !== '')) {
          w.uint32(34)
          w.string(obj.software)
        }

        if ((obj.oldestState != null && obj.oldestState !== 0)) {
          w.uint32(40)
          w.uint32(obj.oldestState)
        }

        if ((obj.newestState != null && obj.newestState !== 0)) {
          w.uint32(48)
          w.uint32(obj.newestState)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          certificate: uint8ArrayAlloc(0),
          mesh: '',
          version: 0,
          software: '',
          oldestState: 0,
          newestState: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.certificate = reader.bytes()
              break
            }
            case 2: {
              obj.mesh = reader.string()
              break
            }
            case 3: {
              obj.version = reader.uint32()
              break
            }
            case 4: {
              obj.software = reader.string()
              break
            }
            case 5: {
              obj.oldestState = reader.uint32()
              break
            }
            case 6: {
              obj.newestState = reader.uint32()
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
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.certificate`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.mesh`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.version`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.software`,
                value: reader.string()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.oldestState`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.newestState`,
                value: reader.uint32()
              }
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

  export interface HelloCertificateFieldEvent {
    field: '$.certificate'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HelloMeshFieldEvent {
    field: '$.mesh'
    value: string
  }

  export interface HelloVersionFieldEvent {
    field: '$.version'
    value: number
  }

  export interface HelloSoftwareFieldEvent {
    field: '$.software'
    value: string
  }

  export interface HelloOldestStateFieldEvent {
    field: '$.oldestState'
    value: number
  }

  export interface HelloNewestStateFieldEvent {
    field: '$.newestState'
    value: number
  }

  export function encode (obj: Partial<Hello>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Hello.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Hello {
    return decodeMessage(buf, Hello.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Generator<HelloCertificateFieldEvent | HelloMeshFieldEvent | HelloVersionFieldEvent | HelloSoftwareFieldEvent | HelloOldestStateFieldEvent | HelloNewestStateFieldEvent> {
    return streamMessage(buf, Hello.codec(), opts)
  }
}

export interface CallFailure {
  code: string
  message: string
  hint: string
  facts: string
}

export namespace CallFailure {
  let _codec: Codec<CallFailure>

  export const codec = (): Codec<CallFailure> => {
    if (_codec == null) {
      _codec = message<CallFailure>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.code != null && obj.code !== '')) {
          w.uint32(10)
          w.string(obj.code)
        }

        if ((obj.message != null && obj.message !== '')) {
          w.uint32(18)
          w.string(obj.message)
        }

        if ((obj.hint != null && obj.hint !== '')) {
          w.uint32(26)
          w.string(obj.hint)
        }

        if ((obj.facts != null && obj.facts !== '')) {
          w.uint32(34)
          w.string(obj.facts)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: '',
          message: '',
          hint: '',
          facts: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.code = reader.string()
              break
            }
            case 2: {
              obj.message = reader.string()
              break
            }
            case 3: {
              obj.hint = reader.string()
              break
            }
            case 4: {
              obj.facts = reader.string()
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
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.code`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.message`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.hint`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.facts`,
                value: reader.string()
              }
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

  export interface CallFailureCodeFieldEvent {
    field: '$.code'
    value: string
  }

  export interface CallFailureMessageFieldEvent {
    field: '$.message'
    value: string
  }

  export interface CallFailureHintFieldEvent {
    field: '$.hint'
    value: string
  }

  export interface CallFailureFactsFieldEvent {
    field: '$.facts'
    value: string
  }

  export function encode (obj: Partial<CallFailure>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CallFailure.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CallFailure>): CallFailure {
    return decodeMessage(buf, CallFailure.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CallFailure>): Generator<CallFailureCodeFieldEvent | CallFailureMessageFieldEvent | CallFailureHintFieldEvent | CallFailureFactsFieldEvent> {
    return streamMessage(buf, CallFailure.codec(), opts)
  }
}
