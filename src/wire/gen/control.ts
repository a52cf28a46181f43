// Generated from protocols/control.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
/* eslint-disable require-yield */

import { decodeMessage, encodeMessage, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface ControlExecuteRequest {
  id: string
  by: string
  command: Uint8Array<ArrayBuffer>
}

export namespace ControlExecuteRequest {
  let _codec: Codec<ControlExecuteRequest>

  export const codec = (): Codec<ControlExecuteRequest> => {
    if (_codec == null) {
      _codec = message<ControlExecuteRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== '')) {
          w.uint32(10)
          w.string(obj.id)
        }

        if ((obj.by != null && obj.by !== '')) {
          w.uint32(18)
          w.string(obj.by)
        }

        if ((obj.command != null && obj.command.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.command)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: '',
          by: '',
          command: uint8ArrayAlloc(0)
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
              obj.by = reader.string()
              break
            }
            case 3: {
              obj.command = reader.bytes()
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
            case 2: {
              yield {
                field: `${prefix}.by`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.command`,
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

  export interface ControlExecuteRequestIdFieldEvent {
    field: '$.id'
    value: string
  }

  export interface ControlExecuteRequestByFieldEvent {
    field: '$.by'
    value: string
  }

  export interface ControlExecuteRequestCommandFieldEvent {
    field: '$.command'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<ControlExecuteRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ControlExecuteRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ControlExecuteRequest>): ControlExecuteRequest {
    return decodeMessage(buf, ControlExecuteRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ControlExecuteRequest>): Generator<ControlExecuteRequestIdFieldEvent | ControlExecuteRequestByFieldEvent | ControlExecuteRequestCommandFieldEvent> {
    return streamMessage(buf, ControlExecuteRequest.codec(), opts)
  }
}

export interface ControlExecuteResponse {
  index: number
  outcome: Uint8Array<ArrayBuffer>
}

export namespace ControlExecuteResponse {
  let _codec: Codec<ControlExecuteResponse>

  export const codec = (): Codec<ControlExecuteResponse> => {
    if (_codec == null) {
      _codec = message<ControlExecuteResponse>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.index != null && obj.index !== 0)) {
          w.uint32(8)
          w.uint64Number(obj.index)
        }

        if ((obj.outcome != null && obj.outcome.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.outcome)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          index: 0,
          outcome: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.index = reader.uint64Number()
              break
            }
            case 2: {
              obj.outcome = reader.bytes()
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
                field: `${prefix}.index`,
                value: reader.uint64Number()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.outcome`,
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

  export interface ControlExecuteResponseIndexFieldEvent {
    field: '$.index'
    value: number
  }

  export interface ControlExecuteResponseOutcomeFieldEvent {
    field: '$.outcome'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<ControlExecuteResponse>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ControlExecuteResponse.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ControlExecuteResponse>): ControlExecuteResponse {
    return decodeMessage(buf, ControlExecuteResponse.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ControlExecuteResponse>): Generator<ControlExecuteResponseIndexFieldEvent | ControlExecuteResponseOutcomeFieldEvent> {
    return streamMessage(buf, ControlExecuteResponse.codec(), opts)
  }
}

export interface ControlReadIndexRequest {}

export namespace ControlReadIndexRequest {
  let _codec: Codec<ControlReadIndexRequest>

  export const codec = (): Codec<ControlReadIndexRequest> => {
    if (_codec == null) {
      _codec = message<ControlReadIndexRequest>((obj, w, opts = {}) => {
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

  export function encode (obj: Partial<ControlReadIndexRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ControlReadIndexRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ControlReadIndexRequest>): ControlReadIndexRequest {
    return decodeMessage(buf, ControlReadIndexRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ControlReadIndexRequest>): Generator<{}> {
    return streamMessage(buf, ControlReadIndexRequest.codec(), opts)
  }
}

export interface ControlReadIndexResponse {
  index: number
}

export namespace ControlReadIndexResponse {
  let _codec: Codec<ControlReadIndexResponse>

  export const codec = (): Codec<ControlReadIndexResponse> => {
    if (_codec == null) {
      _codec = message<ControlReadIndexResponse>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.index != null && obj.index !== 0)) {
          w.uint32(8)
          w.uint64Number(obj.index)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          index: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.index = reader.uint64Number()
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
                field: `${prefix}.index`,
                value: reader.uint64Number()
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

  export interface ControlReadIndexResponseIndexFieldEvent {
    field: '$.index'
    value: number
  }

  export function encode (obj: Partial<ControlReadIndexResponse>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ControlReadIndexResponse.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ControlReadIndexResponse>): ControlReadIndexResponse {
    return decodeMessage(buf, ControlReadIndexResponse.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ControlReadIndexResponse>): Generator<ControlReadIndexResponseIndexFieldEvent> {
    return streamMessage(buf, ControlReadIndexResponse.codec(), opts)
  }
}
