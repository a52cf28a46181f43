// Generated from protocols/image.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface ImageQuery {
  reference: string
  id: string
}

export namespace ImageQuery {
  let _codec: Codec<ImageQuery>

  export const codec = (): Codec<ImageQuery> => {
    if (_codec == null) {
      _codec = message<ImageQuery>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.reference != null && obj.reference !== '')) {
          w.uint32(10)
          w.string(obj.reference)
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
          reference: '',
          id: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.reference = reader.string()
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
                field: `${prefix}.reference`,
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

  export interface ImageQueryReferenceFieldEvent {
    field: '$.reference'
    value: string
  }

  export interface ImageQueryIdFieldEvent {
    field: '$.id'
    value: string
  }

  export function encode (obj: Partial<ImageQuery>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ImageQuery.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ImageQuery>): ImageQuery {
    return decodeMessage(buf, ImageQuery.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ImageQuery>): Generator<ImageQueryReferenceFieldEvent | ImageQueryIdFieldEvent> {
    return streamMessage(buf, ImageQuery.codec(), opts)
  }
}

export interface ImageAnswer {
  id: string
  bytes: number
  digests: string[]
  busy: boolean
}

export namespace ImageAnswer {
  let _codec: Codec<ImageAnswer>

  export const codec = (): Codec<ImageAnswer> => {
    if (_codec == null) {
      _codec = message<ImageAnswer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== '')) {
          w.uint32(10)
          w.string(obj.id)
        }

        if ((obj.bytes != null && obj.bytes !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.bytes)
        }

        if (obj.digests != null && obj.digests.length > 0) {
          for (const value of obj.digests) {
            w.uint32(26)
            w.string(value)
          }
        }

        if ((obj.busy != null && obj.busy !== false)) {
          w.uint32(32)
          w.bool(obj.busy)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: '',
          bytes: 0,
          digests: [],
          busy: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.string()
              break
            }
            case 2: {
              obj.bytes = reader.uint64Number()
              break
            }
            case 3: {
              if (opts.limits?.digests != null && obj.digests.length === opts.limits.digests) {
                throw new MaxLengthError('Decode error - repeated field "digests" had too many elements')
              }

              obj.digests.push(reader.string())
              break
            }
            case 4: {
              obj.busy = reader.bool()
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
          digests: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.id`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.bytes`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              if (opts.limits?.digests != null && obj.digests === opts.limits.digests) {
                throw new MaxLengthError('Streaming decode error - repeated field "digests" had too many elements')
              }

              yield {
                field: `${prefix}.digests[]`,
                index: obj.digests,
                value: reader.string()
              }

              obj.digests++

              break
            }
            case 4: {
              yield {
                field: `${prefix}.busy`,
                value: reader.bool()
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

  export interface ImageAnswerIdFieldEvent {
    field: '$.id'
    value: string
  }

  export interface ImageAnswerBytesFieldEvent {
    field: '$.bytes'
    value: number
  }

  export interface ImageAnswerDigestsFieldEvent {
    field: '$.digests[]'
    index: number
    value: string
  }

  export interface ImageAnswerBusyFieldEvent {
    field: '$.busy'
    value: boolean
  }

  export function encode (obj: Partial<ImageAnswer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ImageAnswer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ImageAnswer>): ImageAnswer {
    return decodeMessage(buf, ImageAnswer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ImageAnswer>): Generator<ImageAnswerIdFieldEvent | ImageAnswerBytesFieldEvent | ImageAnswerDigestsFieldEvent | ImageAnswerBusyFieldEvent> {
    return streamMessage(buf, ImageAnswer.codec(), opts)
  }
}

export interface ImageRequest {
  id: string
}

export namespace ImageRequest {
  let _codec: Codec<ImageRequest>

  export const codec = (): Codec<ImageRequest> => {
    if (_codec == null) {
      _codec = message<ImageRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== '')) {
          w.uint32(10)
          w.string(obj.id)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
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

  export interface ImageRequestIdFieldEvent {
    field: '$.id'
    value: string
  }

  export function encode (obj: Partial<ImageRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ImageRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ImageRequest>): ImageRequest {
    return decodeMessage(buf, ImageRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ImageRequest>): Generator<ImageRequestIdFieldEvent> {
    return streamMessage(buf, ImageRequest.codec(), opts)
  }
}

export interface ImagePiece {
  data: Uint8Array<ArrayBuffer>
}

export namespace ImagePiece {
  let _codec: Codec<ImagePiece>

  export const codec = (): Codec<ImagePiece> => {
    if (_codec == null) {
      _codec = message<ImagePiece>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.data != null && obj.data.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.data)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          data: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.data = reader.bytes()
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
                field: `${prefix}.data`,
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

  export interface ImagePieceDataFieldEvent {
    field: '$.data'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<ImagePiece>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ImagePiece.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ImagePiece>): ImagePiece {
    return decodeMessage(buf, ImagePiece.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ImagePiece>): Generator<ImagePieceDataFieldEvent> {
    return streamMessage(buf, ImagePiece.codec(), opts)
  }
}
