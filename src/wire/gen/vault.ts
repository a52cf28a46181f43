// Generated from protocols/vault.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface VaultDeliverRequest {
  placement: string
}

export namespace VaultDeliverRequest {
  let _codec: Codec<VaultDeliverRequest>

  export const codec = (): Codec<VaultDeliverRequest> => {
    if (_codec == null) {
      _codec = message<VaultDeliverRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.placement != null && obj.placement !== '')) {
          w.uint32(10)
          w.string(obj.placement)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          placement: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.placement = reader.string()
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
                field: `${prefix}.placement`,
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

  export interface VaultDeliverRequestPlacementFieldEvent {
    field: '$.placement'
    value: string
  }

  export function encode (obj: Partial<VaultDeliverRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, VaultDeliverRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultDeliverRequest>): VaultDeliverRequest {
    return decodeMessage(buf, VaultDeliverRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultDeliverRequest>): Generator<VaultDeliverRequestPlacementFieldEvent> {
    return streamMessage(buf, VaultDeliverRequest.codec(), opts)
  }
}

export interface VaultDeliverResponse {
  keys: VaultDataKey[]
}

export namespace VaultDeliverResponse {
  let _codec: Codec<VaultDeliverResponse>

  export const codec = (): Codec<VaultDeliverResponse> => {
    if (_codec == null) {
      _codec = message<VaultDeliverResponse>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.keys != null && obj.keys.length > 0) {
          for (const value of obj.keys) {
            w.uint32(10)
            VaultDataKey.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          keys: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.keys != null && obj.keys.length === opts.limits.keys) {
                throw new MaxLengthError('Decode error - repeated field "keys" had too many elements')
              }

              obj.keys.push(VaultDataKey.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.keys$
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
          keys: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.keys != null && obj.keys === opts.limits.keys) {
                throw new MaxLengthError('Streaming decode error - repeated field "keys" had too many elements')
              }

              for (const evt of VaultDataKey.codec().stream(reader, reader.uint32(), `${prefix}.keys[]`, {
                limits: opts.limits?.keys$
              })) {
                yield {
                  ...evt,
                  index: obj.keys
                }
              }

              obj.keys++

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

  export interface VaultDeliverResponseKeysIndexFieldEvent {
    field: '$.keys[].index'
    value: number
    index: number
  }

  export interface VaultDeliverResponseKeysVersionFieldEvent {
    field: '$.keys[].version'
    value: number
    index: number
  }

  export interface VaultDeliverResponseKeysSealedFieldEvent {
    field: '$.keys[].sealed'
    value: string
    index: number
  }

  export function encode (obj: Partial<VaultDeliverResponse>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, VaultDeliverResponse.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultDeliverResponse>): VaultDeliverResponse {
    return decodeMessage(buf, VaultDeliverResponse.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultDeliverResponse>): Generator<VaultDeliverResponseKeysIndexFieldEvent | VaultDeliverResponseKeysVersionFieldEvent | VaultDeliverResponseKeysSealedFieldEvent> {
    return streamMessage(buf, VaultDeliverResponse.codec(), opts)
  }
}

export interface VaultDataKey {
  index: number
  version: number
  sealed: string
}

export namespace VaultDataKey {
  let _codec: Codec<VaultDataKey>

  export const codec = (): Codec<VaultDataKey> => {
    if (_codec == null) {
      _codec = message<VaultDataKey>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.index != null && obj.index !== 0)) {
          w.uint32(8)
          w.uint32(obj.index)
        }

        if ((obj.version != null && obj.version !== 0)) {
          w.uint32(16)
          w.uint32(obj.version)
        }

        if ((obj.sealed != null && obj.sealed !== '')) {
          w.uint32(26)
          w.string(obj.sealed)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          index: 0,
          version: 0,
          sealed: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.index = reader.uint32()
              break
            }
            case 2: {
              obj.version = reader.uint32()
              break
            }
            case 3: {
              obj.sealed = reader.string()
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
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.version`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.sealed`,
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

  export interface VaultDataKeyIndexFieldEvent {
    field: '$.index'
    value: number
  }

  export interface VaultDataKeyVersionFieldEvent {
    field: '$.version'
    value: number
  }

  export interface VaultDataKeySealedFieldEvent {
    field: '$.sealed'
    value: string
  }

  export function encode (obj: Partial<VaultDataKey>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, VaultDataKey.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultDataKey>): VaultDataKey {
    return decodeMessage(buf, VaultDataKey.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultDataKey>): Generator<VaultDataKeyIndexFieldEvent | VaultDataKeyVersionFieldEvent | VaultDataKeySealedFieldEvent> {
    return streamMessage(buf, VaultDataKey.codec(), opts)
  }
}

export interface VaultCompareRequest {
  deployment: string
  revision: number
  values: VaultSealedValue[]
}

export namespace VaultCompareRequest {
  let _codec: Codec<VaultCompareRequest>

  export const codec = (): Codec<VaultCompareRequest> => {
    if (_codec == null) {
      _codec = message<VaultCompareRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.deployment != null && obj.deployment !== '')) {
          w.uint32(10)
          w.string(obj.deployment)
        }

        if ((obj.revision != null && obj.revision !== 0)) {
          w.uint32(16)
          w.uint32(obj.revision)
        }

        if (obj.values != null && obj.values.length > 0) {
          for (const value of obj.values) {
            w.uint32(26)
            VaultSealedValue.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          deployment: '',
          revision: 0,
          values: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.deployment = reader.string()
              break
            }
            case 2: {
              obj.revision = reader.uint32()
              break
            }
            case 3: {
              if (opts.limits?.values != null && obj.values.length === opts.limits.values) {
                throw new MaxLengthError('Decode error - repeated field "values" had too many elements')
              }

              obj.values.push(VaultSealedValue.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.values$
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
          values: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.deployment`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.revision`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              if (opts.limits?.values != null && obj.values === opts.limits.values) {
                throw new MaxLengthError('Streaming decode error - repeated field "values" had too many elements')
              }

              for (const evt of VaultSealedValue.codec().stream(reader, reader.uint32(), `${prefix}.values[]`, {
                limits: opts.limits?.values$
              })) {
                yield {
                  ...evt,
                  index: obj.values
                }
              }

              obj.values++

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

  export interface VaultCompareRequestDeploymentFieldEvent {
    field: '$.deployment'
    value: string
  }

  export interface VaultCompareRequestRevisionFieldEvent {
    field: '$.revision'
    value: number
  }

  export interface VaultCompareRequestValuesEnvFieldEvent {
    field: '$.values[].env'
    value: string
    index: number
  }

  export interface VaultCompareRequestValuesSealedFieldEvent {
    field: '$.values[].sealed'
    value: string
    index: number
  }

  export function encode (obj: Partial<VaultCompareRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, VaultCompareRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultCompareRequest>): VaultCompareRequest {
    return decodeMessage(buf, VaultCompareRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultCompareRequest>): Generator<VaultCompareRequestDeploymentFieldEvent | VaultCompareRequestRevisionFieldEvent | VaultCompareRequestValuesEnvFieldEvent | VaultCompareRequestValuesSealedFieldEvent> {
    return streamMessage(buf, VaultCompareRequest.codec(), opts)
  }
}

export interface VaultSealedValue {
  env: string
  sealed: string
}

export namespace VaultSealedValue {
  let _codec: Codec<VaultSealedValue>

  export const codec = (): Codec<VaultSealedValue> => {
    if (_codec == null) {
      _codec = message<VaultSealedValue>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.env != null && obj.env !== '')) {
          w.uint32(10)
          w.string(obj.env)
        }

        if ((obj.sealed != null && obj.sealed !== '')) {
          w.uint32(18)
          w.string(obj.sealed)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          env: '',
          sealed: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.env = reader.string()
              break
            }
            case 2: {
              obj.sealed = reader.string()
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
                field: `${prefix}.env`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.sealed`,
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

  export interface VaultSealedValueEnvFieldEvent {
    field: '$.env'
    value: string
  }

  export interface VaultSealedValueSealedFieldEvent {
    field: '$.sealed'
    value: string
  }

  export function encode (obj: Partial<VaultSealedValue>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, VaultSealedValue.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultSealedValue>): VaultSealedValue {
    return decodeMessage(buf, VaultSealedValue.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultSealedValue>): Generator<VaultSealedValueEnvFieldEvent | VaultSealedValueSealedFieldEvent> {
    return streamMessage(buf, VaultSealedValue.codec(), opts)
  }
}

export interface VaultCompareResponse {
  same: string[]
}

export namespace VaultCompareResponse {
  let _codec: Codec<VaultCompareResponse>

  export const codec = (): Codec<VaultCompareResponse> => {
    if (_codec == null) {
      _codec = message<VaultCompareResponse>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.same != null && obj.same.length > 0) {
          for (const value of obj.same) {
            w.uint32(10)
            w.string(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          same: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.same != null && obj.same.length === opts.limits.same) {
                throw new MaxLengthError('Decode error - repeated field "same" had too many elements')
              }

              obj.same.push(reader.string())
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
          same: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.same != null && obj.same === opts.limits.same) {
                throw new MaxLengthError('Streaming decode error - repeated field "same" had too many elements')
              }

              yield {
                field: `${prefix}.same[]`,
                index: obj.same,
                value: reader.string()
              }

              obj.same++

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

  export interface VaultCompareResponseSameFieldEvent {
    field: '$.same[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<VaultCompareResponse>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, VaultCompareResponse.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultCompareResponse>): VaultCompareResponse {
    return decodeMessage(buf, VaultCompareResponse.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VaultCompareResponse>): Generator<VaultCompareResponseSameFieldEvent> {
    return streamMessage(buf, VaultCompareResponse.codec(), opts)
  }
}
