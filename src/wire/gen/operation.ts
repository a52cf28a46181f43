// Generated from protocols/operation.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface OperationRequest {
  name: string
  input: string
  caller: string
  role: string
  proof: Uint8Array<ArrayBuffer>
  request: string
}

export namespace OperationRequest {
  let _codec: Codec<OperationRequest>

  export const codec = (): Codec<OperationRequest> => {
    if (_codec == null) {
      _codec = message<OperationRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.input != null && obj.input !== '')) {
          w.uint32(18)
          w.string(obj.input)
        }

        if ((obj.caller != null && obj.caller !== '')) {
          w.uint32(26)
          w.string(obj.caller)
        }

        if ((obj.role != null && obj.role !== '')) {
          w.uint32(34)
          w.string(obj.role)
        }

        if ((obj.proof != null && obj.proof.byteLength > 0)) {
          w.uint32(42)
          w.bytes(obj.proof)
        }

        if ((obj.request != null && obj.request !== '')) {
          w.uint32(74)
          w.string(obj.request)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          input: '',
          caller: '',
          role: '',
          proof: uint8ArrayAlloc(0),
          request: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.name = reader.string()
              break
            }
            case 2: {
              obj.input = reader.string()
              break
            }
            case 3: {
              obj.caller = reader.string()
              break
            }
            case 4: {
              obj.role = reader.string()
              break
            }
            case 5: {
              obj.proof = reader.bytes()
              break
            }
            case 9: {
              obj.request = reader.string()
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
                field: `${prefix}.name`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.input`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.caller`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.role`,
                value: reader.string()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.proof`,
                value: reader.bytes()
              }
              break
            }
            case 9: {
              yield {
                field: `${prefix}.request`,
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

  export interface OperationRequestNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface OperationRequestInputFieldEvent {
    field: '$.input'
    value: string
  }

  export interface OperationRequestCallerFieldEvent {
    field: '$.caller'
    value: string
  }

  export interface OperationRequestRoleFieldEvent {
    field: '$.role'
    value: string
  }

  export interface OperationRequestProofFieldEvent {
    field: '$.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export interface OperationRequestRequestFieldEvent {
    field: '$.request'
    value: string
  }

  export function encode (obj: Partial<OperationRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, OperationRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OperationRequest>): OperationRequest {
    return decodeMessage(buf, OperationRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OperationRequest>): Generator<OperationRequestNameFieldEvent | OperationRequestInputFieldEvent | OperationRequestCallerFieldEvent | OperationRequestRoleFieldEvent | OperationRequestProofFieldEvent | OperationRequestRequestFieldEvent> {
    return streamMessage(buf, OperationRequest.codec(), opts)
  }
}

export interface OperationReply {
  output: string
}

export namespace OperationReply {
  let _codec: Codec<OperationReply>

  export const codec = (): Codec<OperationReply> => {
    if (_codec == null) {
      _codec = message<OperationReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.output != null && obj.output !== '')) {
          w.uint32(10)
          w.string(obj.output)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          output: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.output = reader.string()
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
                field: `${prefix}.output`,
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

  export interface OperationReplyOutputFieldEvent {
    field: '$.output'
    value: string
  }

  export function encode (obj: Partial<OperationReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, OperationReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OperationReply>): OperationReply {
    return decodeMessage(buf, OperationReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OperationReply>): Generator<OperationReplyOutputFieldEvent> {
    return streamMessage(buf, OperationReply.codec(), opts)
  }
}

export interface OperationItem {
  item: string
}

export namespace OperationItem {
  let _codec: Codec<OperationItem>

  export const codec = (): Codec<OperationItem> => {
    if (_codec == null) {
      _codec = message<OperationItem>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.item != null && obj.item !== '')) {
          w.uint32(10)
          w.string(obj.item)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          item: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.item = reader.string()
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
                field: `${prefix}.item`,
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

  export interface OperationItemItemFieldEvent {
    field: '$.item'
    value: string
  }

  export function encode (obj: Partial<OperationItem>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, OperationItem.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OperationItem>): OperationItem {
    return decodeMessage(buf, OperationItem.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OperationItem>): Generator<OperationItemItemFieldEvent> {
    return streamMessage(buf, OperationItem.codec(), opts)
  }
}
