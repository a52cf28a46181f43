// Generated from protocols/record.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
/* eslint-disable require-yield */

import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface RecordEnvelope {
  version: number
  network: string
  namespace: string
  id: string
  issuer: string
  sequence: bigint
  issuedAt: number
  endOfLife: number
  kind: RecordKind
  payload: Uint8Array<ArrayBuffer>
  certificate: Uint8Array<ArrayBuffer>
  signature: Uint8Array<ArrayBuffer>
}

export namespace RecordEnvelope {
  let _codec: Codec<RecordEnvelope>

  export const codec = (): Codec<RecordEnvelope> => {
    if (_codec == null) {
      _codec = message<RecordEnvelope>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.version != null && obj.version !== 0)) {
          w.uint32(8)
          w.uint32(obj.version)
        }

        if ((obj.network != null && obj.network !== '')) {
          w.uint32(18)
          w.string(obj.network)
        }

        if ((obj.namespace != null && obj.namespace !== '')) {
          w.uint32(26)
          w.string(obj.namespace)
        }

        if ((obj.id != null && obj.id !== '')) {
          w.uint32(34)
          w.string(obj.id)
        }

        if ((obj.issuer != null && obj.issuer !== '')) {
          w.uint32(42)
          w.string(obj.issuer)
        }

        if ((obj.sequence != null && obj.sequence !== 0n)) {
          w.uint32(48)
          w.uint64(obj.sequence)
        }

        if ((obj.issuedAt != null && obj.issuedAt !== 0)) {
          w.uint32(56)
          w.uint64Number(obj.issuedAt)
        }

        if ((obj.endOfLife != null && obj.endOfLife !== 0)) {
          w.uint32(64)
          w.uint64Number(obj.endOfLife)
        }

        if (obj.kind != null && __RecordKindValues[obj.kind] !== 0) {
          w.uint32(72)
          RecordKind.codec().encode(obj.kind, w)
        }

        if ((obj.payload != null && obj.payload.byteLength > 0)) {
          w.uint32(82)
          w.bytes(obj.payload)
        }

        if ((obj.certificate != null && obj.certificate.byteLength > 0)) {
          w.uint32(90)
          w.bytes(obj.certificate)
        }

        if ((obj.signature != null && obj.signature.byteLength > 0)) {
          w.uint32(98)
          w.bytes(obj.signature)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          version: 0,
          network: '',
          namespace: '',
          id: '',
          issuer: '',
          sequence: 0n,
          issuedAt: 0,
          endOfLife: 0,
          kind: RecordKind.RECORD_UNKNOWN,
          payload: uint8ArrayAlloc(0),
          certificate: uint8ArrayAlloc(0),
          signature: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.version = reader.uint32()
              break
            }
            case 2: {
              obj.network = reader.string()
              break
            }
            case 3: {
              obj.namespace = reader.string()
              break
            }
            case 4: {
              obj.id = reader.string()
              break
            }
            case 5: {
              obj.issuer = reader.string()
              break
            }
            case 6: {
              obj.sequence = reader.uint64()
              break
            }
            case 7: {
              obj.issuedAt = reader.uint64Number()
              break
            }
            case 8: {
              obj.endOfLife = reader.uint64Number()
              break
            }
            case 9: {
              obj.kind = RecordKind.codec().decode(reader)
              break
            }
            case 10: {
              obj.payload = reader.bytes()
              break
            }
            case 11: {
              obj.certificate = reader.bytes()
              break
            }
            case 12: {
              obj.signature = reader.bytes()
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
                field: `${prefix}.version`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.network`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.namespace`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.id`,
                value: reader.string()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.issuer`,
                value: reader.string()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.sequence`,
                value: reader.uint64()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.issuedAt`,
                value: reader.uint64Number()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.endOfLife`,
                value: reader.uint64Number()
              }
              break
            }
            case 9: {
              yield {
                field: `${prefix}.kind`,
                value: RecordKind.codec().decode(reader)
              }
              break
            }
            case 10: {
              yield {
                field: `${prefix}.payload`,
                value: reader.bytes()
              }
              break
            }
            case 11: {
              yield {
                field: `${prefix}.certificate`,
                value: reader.bytes()
              }
              break
            }
            case 12: {
              yield {
                field: `${prefix}.signature`,
                value: reader.bytes()
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

  export interface RecordEnvelopeVersionFieldEvent {
    field: '$.version'
    value: number
  }

  export interface RecordEnvelopeNetworkFieldEvent {
    field: '$.network'
    value: string
  }

  export interface RecordEnvelopeNamespaceFieldEvent {
    field: '$.namespace'
    value: string
  }

  export interface RecordEnvelopeIdFieldEvent {
    field: '$.id'
    value: string
  }

  export interface RecordEnvelopeIssuerFieldEvent {
    field: '$.issuer'
    value: string
  }

  export interface RecordEnvelopeSequenceFieldEvent {
    field: '$.sequence'
    value: bigint
  }

  export interface RecordEnvelopeIssuedAtFieldEvent {
    field: '$.issuedAt'
    value: number
  }

  export interface RecordEnvelopeEndOfLifeFieldEvent {
    field: '$.endOfLife'
    value: number
  }

  export interface RecordEnvelopeKindFieldEvent {
    field: '$.kind'
    value: RecordKind
  }

  export interface RecordEnvelopePayloadFieldEvent {
    field: '$.payload'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordEnvelopeCertificateFieldEvent {
    field: '$.certificate'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RecordEnvelopeSignatureFieldEvent {
    field: '$.signature'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<RecordEnvelope>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordEnvelope.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordEnvelope>): RecordEnvelope {
    return decodeMessage(buf, RecordEnvelope.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordEnvelope>): Generator<RecordEnvelopeVersionFieldEvent | RecordEnvelopeNetworkFieldEvent | RecordEnvelopeNamespaceFieldEvent | RecordEnvelopeIdFieldEvent | RecordEnvelopeIssuerFieldEvent | RecordEnvelopeSequenceFieldEvent | RecordEnvelopeIssuedAtFieldEvent | RecordEnvelopeEndOfLifeFieldEvent | RecordEnvelopeKindFieldEvent | RecordEnvelopePayloadFieldEvent | RecordEnvelopeCertificateFieldEvent | RecordEnvelopeSignatureFieldEvent> {
    return streamMessage(buf, RecordEnvelope.codec(), opts)
  }
}

export enum RecordKind {
  RECORD_UNKNOWN = 'RECORD_UNKNOWN',
  RECORD_PUT = 'RECORD_PUT',
  RECORD_TOMBSTONE = 'RECORD_TOMBSTONE'
}

enum __RecordKindValues {
  RECORD_UNKNOWN = 0,
  RECORD_PUT = 1,
  RECORD_TOMBSTONE = 2
}

export namespace RecordKind {
  export const codec = (): Codec<RecordKind> => {
    return enumeration<RecordKind>(__RecordKindValues)
  }
}

export interface RecordAskRequest {
  namespace: string
  id: string
}

export namespace RecordAskRequest {
  let _codec: Codec<RecordAskRequest>

  export const codec = (): Codec<RecordAskRequest> => {
    if (_codec == null) {
      _codec = message<RecordAskRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.namespace != null && obj.namespace !== '')) {
          w.uint32(10)
          w.string(obj.namespace)
        }

        if ((obj.id != null && obj.id !== '')) {
          w.uint32(18)
          w.string(obj.id)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          namespace: '',
          id: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.namespace = reader.string()
              break
            }
            case 2: {
              obj.id = reader.string()
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
                field: `${prefix}.namespace`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.id`,
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

  export interface RecordAskRequestNamespaceFieldEvent {
    field: '$.namespace'
    value: string
  }

  export interface RecordAskRequestIdFieldEvent {
    field: '$.id'
    value: string
  }

  export function encode (obj: Partial<RecordAskRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordAskRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordAskRequest>): RecordAskRequest {
    return decodeMessage(buf, RecordAskRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordAskRequest>): Generator<RecordAskRequestNamespaceFieldEvent | RecordAskRequestIdFieldEvent> {
    return streamMessage(buf, RecordAskRequest.codec(), opts)
  }
}

export interface RecordAskResponse {
  records: Uint8Array<ArrayBuffer>[]
}

export namespace RecordAskResponse {
  let _codec: Codec<RecordAskResponse>

  export const codec = (): Codec<RecordAskResponse> => {
    if (_codec == null) {
      _codec = message<RecordAskResponse>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.records != null && obj.records.length > 0) {
          for (const value of obj.records) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          records: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.records != null && obj.records.length === opts.limits.records) {
                throw new MaxLengthError('Decode error - repeated field "records" had too many elements')
              }

              obj.records.push(reader.bytes())
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
          records: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.records != null && obj.records === opts.limits.records) {
                throw new MaxLengthError('Streaming decode error - repeated field "records" had too many elements')
              }

              yield {
                field: `${prefix}.records[]`,
                index: obj.records,
                value: reader.bytes()
              }

              obj.records++

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

  export interface RecordAskResponseRecordsFieldEvent {
    field: '$.records[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<RecordAskResponse>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordAskResponse.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordAskResponse>): RecordAskResponse {
    return decodeMessage(buf, RecordAskResponse.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordAskResponse>): Generator<RecordAskResponseRecordsFieldEvent> {
    return streamMessage(buf, RecordAskResponse.codec(), opts)
  }
}

export interface RecordStandingRequest {}

export namespace RecordStandingRequest {
  let _codec: Codec<RecordStandingRequest>

  export const codec = (): Codec<RecordStandingRequest> => {
    if (_codec == null) {
      _codec = message<RecordStandingRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {}

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
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

  export function encode (obj: Partial<RecordStandingRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordStandingRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordStandingRequest>): RecordStandingRequest {
    return decodeMessage(buf, RecordStandingRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordStandingRequest>): Generator<{}> {
    return streamMessage(buf, RecordStandingRequest.codec(), opts)
  }
}

export interface RecordStandingResponse {
  certificate: Uint8Array<ArrayBuffer>
}

export namespace RecordStandingResponse {
  let _codec: Codec<RecordStandingResponse>

  export const codec = (): Codec<RecordStandingResponse> => {
    if (_codec == null) {
      _codec = message<RecordStandingResponse>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.certificate != null && obj.certificate.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.certificate)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          certificate: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.certificate = reader.bytes()
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

  export interface RecordStandingResponseCertificateFieldEvent {
    field: '$.certificate'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<RecordStandingResponse>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RecordStandingResponse.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordStandingResponse>): RecordStandingResponse {
    return decodeMessage(buf, RecordStandingResponse.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RecordStandingResponse>): Generator<RecordStandingResponseCertificateFieldEvent> {
    return streamMessage(buf, RecordStandingResponse.codec(), opts)
  }
}
