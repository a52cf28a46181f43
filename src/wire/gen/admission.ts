// Generated from protocols/admission.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, MaxLengthError, MaxSizeError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Certificate {
  body: Uint8Array<ArrayBuffer>
  signature: Uint8Array<ArrayBuffer>
}

export namespace Certificate {
  let _codec: Codec<Certificate>

  export const codec = (): Codec<Certificate> => {
    if (_codec == null) {
      _codec = message<Certificate>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.body != null && obj.body.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.body)
        }

        if ((obj.signature != null && obj.signature.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.signature)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          body: uint8ArrayAlloc(0),
          signature: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.body = reader.bytes()
              break
            }
            case 2: {
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
                field: `${prefix}.body`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
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

  export interface CertificateBodyFieldEvent {
    field: '$.body'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CertificateSignatureFieldEvent {
    field: '$.signature'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Certificate>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Certificate.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Certificate>): Certificate {
    return decodeMessage(buf, Certificate.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Certificate>): Generator<CertificateBodyFieldEvent | CertificateSignatureFieldEvent> {
    return streamMessage(buf, Certificate.codec(), opts)
  }
}

export interface CertificateBody {
  mesh: string
  peer: string
  name: string
  roles: string[]
  epoch: number
  notBefore: number
  notAfter: number
}

export namespace CertificateBody {
  let _codec: Codec<CertificateBody>

  export const codec = (): Codec<CertificateBody> => {
    if (_codec == null) {
      _codec = message<CertificateBody>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.mesh != null && obj.mesh !== '')) {
          w.uint32(10)
          w.string(obj.mesh)
        }

        if ((obj.peer != null && obj.peer !== '')) {
          w.uint32(18)
          w.string(obj.peer)
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(26)
          w.string(obj.name)
        }

        if (obj.roles != null && obj.roles.length > 0) {
          for (const value of obj.roles) {
            w.uint32(34)
            w.string(value)
          }
        }

        if ((obj.epoch != null && obj.epoch !== 0)) {
          w.uint32(40)
          w.uint64Number(obj.epoch)
        }

        if ((obj.notBefore != null && obj.notBefore !== 0)) {
          w.uint32(48)
          w.uint64Number(obj.notBefore)
        }

        if ((obj.notAfter != null && obj.notAfter !== 0)) {
          w.uint32(56)
          w.uint64Number(obj.notAfter)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          mesh: '',
          peer: '',
          name: '',
          roles: [],
          epoch: 0,
          notBefore: 0,
          notAfter: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.mesh = reader.string()
              break
            }
            case 2: {
              obj.peer = reader.string()
              break
            }
            case 3: {
              obj.name = reader.string()
              break
            }
            case 4: {
              if (opts.limits?.roles != null && obj.roles.length === opts.limits.roles) {
                throw new MaxLengthError('Decode error - repeated field "roles" had too many elements')
              }

              obj.roles.push(reader.string())
              break
            }
            case 5: {
              obj.epoch = reader.uint64Number()
              break
            }
            case 6: {
              obj.notBefore = reader.uint64Number()
              break
            }
            case 7: {
              obj.notAfter = reader.uint64Number()
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
          roles: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.mesh`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.peer`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.name`,
                value: reader.string()
              }
              break
            }
            case 4: {
              if (opts.limits?.roles != null && obj.roles === opts.limits.roles) {
                throw new MaxLengthError('Streaming decode error - repeated field "roles" had too many elements')
              }

              yield {
                field: `${prefix}.roles[]`,
                index: obj.roles,
                value: reader.string()
              }

              obj.roles++

              break
            }
            case 5: {
              yield {
                field: `${prefix}.epoch`,
                value: reader.uint64Number()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.notBefore`,
                value: reader.uint64Number()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.notAfter`,
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

  export interface CertificateBodyMeshFieldEvent {
    field: '$.mesh'
    value: string
  }

  export interface CertificateBodyPeerFieldEvent {
    field: '$.peer'
    value: string
  }

  export interface CertificateBodyNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface CertificateBodyRolesFieldEvent {
    field: '$.roles[]'
    index: number
    value: string
  }

  export interface CertificateBodyEpochFieldEvent {
    field: '$.epoch'
    value: number
  }

  export interface CertificateBodyNotBeforeFieldEvent {
    field: '$.notBefore'
    value: number
  }

  export interface CertificateBodyNotAfterFieldEvent {
    field: '$.notAfter'
    value: number
  }

  export function encode (obj: Partial<CertificateBody>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CertificateBody.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CertificateBody>): CertificateBody {
    return decodeMessage(buf, CertificateBody.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CertificateBody>): Generator<CertificateBodyMeshFieldEvent | CertificateBodyPeerFieldEvent | CertificateBodyNameFieldEvent | CertificateBodyRolesFieldEvent | CertificateBodyEpochFieldEvent | CertificateBodyNotBeforeFieldEvent | CertificateBodyNotAfterFieldEvent> {
    return streamMessage(buf, CertificateBody.codec(), opts)
  }
}

export interface JoinTokenBody {
  mesh: string
  publicKey: Uint8Array<ArrayBuffer>
  addresses: string[]
  id: string
  secret: Uint8Array<ArrayBuffer>
  notAfter: number
  networkKey: Uint8Array<ArrayBuffer>
}

export namespace JoinTokenBody {
  let _codec: Codec<JoinTokenBody>

  export const codec = (): Codec<JoinTokenBody> => {
    if (_codec == null) {
      _codec = message<JoinTokenBody>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.mesh != null && obj.mesh !== '')) {
          w.uint32(10)
          w.string(obj.mesh)
        }

        if ((obj.publicKey != null && obj.publicKey.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.publicKey)
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(26)
            w.string(value)
          }
        }

        if ((obj.id != null && obj.id !== '')) {
          w.uint32(34)
          w.string(obj.id)
        }

        if ((obj.secret != null && obj.secret.byteLength > 0)) {
          w.uint32(42)
          w.bytes(obj.secret)
        }

        if ((obj.notAfter != null && obj.notAfter !== 0)) {
          w.uint32(48)
          w.uint64Number(obj.notAfter)
        }

        if ((obj.networkKey != null && obj.networkKey.byteLength > 0)) {
          w.uint32(58)
          w.bytes(obj.networkKey)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          mesh: '',
          publicKey: uint8ArrayAlloc(0),
          addresses: [],
          id: '',
          secret: uint8ArrayAlloc(0),
          notAfter: 0,
          networkKey: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.mesh = reader.string()
              break
            }
            case 2: {
              obj.publicKey = reader.bytes()
              break
            }
            case 3: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.string())
              break
            }
            case 4: {
              obj.id = reader.string()
              break
            }
            case 5: {
              obj.secret = reader.bytes()
              break
            }
            case 6: {
              obj.notAfter = reader.uint64Number()
              break
            }
            case 7: {
              obj.networkKey = reader.bytes()
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
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.mesh`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.publicKey`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.string()
              }

              obj.addresses++

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
                field: `${prefix}.secret`,
                value: reader.bytes()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.notAfter`,
                value: reader.uint64Number()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.networkKey`,
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

  export interface JoinTokenBodyMeshFieldEvent {
    field: '$.mesh'
    value: string
  }

  export interface JoinTokenBodyPublicKeyFieldEvent {
    field: '$.publicKey'
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinTokenBodyAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: string
  }

  export interface JoinTokenBodyIdFieldEvent {
    field: '$.id'
    value: string
  }

  export interface JoinTokenBodySecretFieldEvent {
    field: '$.secret'
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinTokenBodyNotAfterFieldEvent {
    field: '$.notAfter'
    value: number
  }

  export interface JoinTokenBodyNetworkKeyFieldEvent {
    field: '$.networkKey'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<JoinTokenBody>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, JoinTokenBody.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinTokenBody>): JoinTokenBody {
    return decodeMessage(buf, JoinTokenBody.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinTokenBody>): Generator<JoinTokenBodyMeshFieldEvent | JoinTokenBodyPublicKeyFieldEvent | JoinTokenBodyAddressesFieldEvent | JoinTokenBodyIdFieldEvent | JoinTokenBodySecretFieldEvent | JoinTokenBodyNotAfterFieldEvent | JoinTokenBodyNetworkKeyFieldEvent> {
    return streamMessage(buf, JoinTokenBody.codec(), opts)
  }
}

export interface JoinRequest {
  mesh: string
  token: string
  secret: Uint8Array<ArrayBuffer>
  name: string
  labels: Map<string, string>
  addresses: string[]
  sealKey: Uint8Array<ArrayBuffer>
  oldestState: number
  newestState: number
}

export namespace JoinRequest {
  export interface JoinRequest$labelsEntry {
    key: string
    value: string
  }

  export namespace JoinRequest$labelsEntry {
    let _codec: Codec<JoinRequest$labelsEntry>

    export const codec = (): Codec<JoinRequest$labelsEntry> => {
      if (_codec == null) {
        _codec = message<JoinRequest$labelsEntry>((obj, w, opts = {}) => {
          if (opts.lengthDelimited !== false) {
            w.fork()
          }

          if ((obj.key != null && obj.key !== '')) {
            w.uint32(10)
            w.string(obj.key)
          }

          if ((obj.value != null && obj.value !== '')) {
            w.uint32(18)
            w.string(obj.value)
          }

          if (opts.lengthDelimited !== false) {
            w.ldelim()
          }
        }, (reader, length, opts = {}) => {
          const obj: any = {
            key: '',
            value: ''
          }

          const end = length == null ? reader.len : reader.pos + length

          while (reader.pos < end) {
            const tag = reader.uint32()

            switch (tag >>> 3) {
              case 1: {
                obj.key = reader.string()
                break
              }
              case 2: {
                obj.value = reader.string()
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
                  field: `${prefix}.key`,
                  value: reader.string()
                }
                break
              }
              case 2: {
                yield {
                  field: `${prefix}.value`,
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

    export interface JoinRequest$labelsEntryKeyFieldEvent {
      field: '$.key'
      value: string
    }

    export interface JoinRequest$labelsEntryValueFieldEvent {
      field: '$.value'
      value: string
    }

    export function encode (obj: Partial<JoinRequest$labelsEntry>): Uint8Array<ArrayBuffer> {
      return encodeMessage(obj, JoinRequest$labelsEntry.codec())
    }

    export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinRequest$labelsEntry>): JoinRequest$labelsEntry {
      return decodeMessage(buf, JoinRequest$labelsEntry.codec(), opts)
    }

    export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinRequest$labelsEntry>): Generator<JoinRequest$labelsEntryKeyFieldEvent | JoinRequest$labelsEntryValueFieldEvent> {
      return streamMessage(buf, JoinRequest$labelsEntry.codec(), opts)
    }
  }

  let _codec: Codec<JoinRequest>

  export const codec = (): Codec<JoinRequest> => {
    if (_codec == null) {
      _codec = message<JoinRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.mesh != null && obj.mesh !== '')) {
          w.uint32(10)
          w.string(obj.mesh)
        }

        if ((obj.token != null && obj.token !== '')) {
          w.uint32(18)
          w.string(obj.token)
        }

        if ((obj.secret != null && obj.secret.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.secret)
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(34)
          w.string(obj.name)
        }

        if (obj.labels != null && obj.labels.size > 0) {
          for (const [key, value] of obj.labels.entries()) {
            w.uint32(42)
            JoinRequest.JoinRequest$labelsEntry.codec().encode({ key, value }, w)
          }
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(50)
            w.string(value)
          }
        }

        if ((obj.sealKey != null && obj.sealKey.byteLength > 0)) {
          w.uint32(58)
          w.bytes(obj.sealKey)
        }

        if ((obj.oldestState != null && obj.oldestState !== 0)) {
          w.uint32(64)
          w.uint32(obj.oldestState)
        }

        if ((obj.newestState != null && obj.newestState !== 0)) {
          w.uint32(72)
          w.uint32(obj.newestState)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          mesh: '',
          token: '',
          secret: uint8ArrayAlloc(0),
          name: '',
          labels: new Map<string, string>(),
          addresses: [],
          sealKey: uint8ArrayAlloc(0),
          oldestState: 0,
          newestState: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.mesh = reader.string()
              break
            }
            case 2: {
              obj.token = reader.string()
              break
            }
            case 3: {
              obj.secret = reader.bytes()
              break
            }
            case 4: {
              obj.name = reader.string()
              break
            }
            case 5: {
              if (opts.limits?.labels != null && obj.labels.size === opts.limits.labels) {
                throw new MaxSizeError('Decode error - map field "labels" had too many elements')
              }

              const entry = JoinRequest.JoinRequest$labelsEntry.codec().decode(reader, reader.uint32(), {
                limits: {
                  value: opts.limits?.labels$value
                }
              })
              obj.labels.set(entry.key, entry.value)
              break
            }
            case 6: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.string())
              break
            }
            case 7: {
              obj.sealKey = reader.bytes()
              break
            }
            case 8: {
              obj.oldestState = reader.uint32()
              break
            }
            case 9: {
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
        const obj = {
          labels: 0,
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.mesh`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.token`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.secret`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.name`,
                value: reader.string()
              }
              break
            }
            case 5: {
              if (opts.limits?.labels != null && obj.labels === opts.limits.labels) {
                throw new MaxLengthError('Decode error - map field "labels" had too many elements')
              }

              yield * JoinRequest.JoinRequest$labelsEntry.codec().stream(reader, reader.uint32(), `${prefix}.labels{}`, {
                limits: {
                  value: opts.limits?.labels$value
                }
              })

              obj.labels++

              break
            }
            case 6: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.string()
              }

              obj.addresses++

              break
            }
            case 7: {
              yield {
                field: `${prefix}.sealKey`,
                value: reader.bytes()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.oldestState`,
                value: reader.uint32()
              }
              break
            }
            case 9: {
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

  export interface JoinRequestMeshFieldEvent {
    field: '$.mesh'
    value: string
  }

  export interface JoinRequestTokenFieldEvent {
    field: '$.token'
    value: string
  }

  export interface JoinRequestSecretFieldEvent {
    field: '$.secret'
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinRequestNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface JoinRequestLabelsFieldEvent {
    field: '$.labels{}'
    key: string
    value: string
  }

  export interface JoinRequestAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: string
  }

  export interface JoinRequestSealKeyFieldEvent {
    field: '$.sealKey'
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinRequestOldestStateFieldEvent {
    field: '$.oldestState'
    value: number
  }

  export interface JoinRequestNewestStateFieldEvent {
    field: '$.newestState'
    value: number
  }

  export function encode (obj: Partial<JoinRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, JoinRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinRequest>): JoinRequest {
    return decodeMessage(buf, JoinRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinRequest>): Generator<JoinRequestMeshFieldEvent | JoinRequestTokenFieldEvent | JoinRequestSecretFieldEvent | JoinRequestNameFieldEvent | JoinRequestLabelsFieldEvent | JoinRequestAddressesFieldEvent | JoinRequestSealKeyFieldEvent | JoinRequestOldestStateFieldEvent | JoinRequestNewestStateFieldEvent> {
    return streamMessage(buf, JoinRequest.codec(), opts)
  }
}

export interface JoinReply {
  certificate: Uint8Array<ArrayBuffer>
  genesis?: GenesisRecord
  addresses: string[]
}

export namespace JoinReply {
  let _codec: Codec<JoinReply>

  export const codec = (): Codec<JoinReply> => {
    if (_codec == null) {
      _codec = message<JoinReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.certificate != null && obj.certificate.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.certificate)
        }

        if (obj.genesis != null) {
          w.uint32(18)
          GenesisRecord.codec().encode(obj.genesis, w)
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(26)
            w.string(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          certificate: uint8ArrayAlloc(0),
          addresses: []
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
              obj.genesis = GenesisRecord.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.genesis
              })
              break
            }
            case 3: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.string())
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
          addresses: 0
        }

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
              yield * GenesisRecord.codec().stream(reader, reader.uint32(), `${prefix}.genesis`, {
                limits: opts.limits?.genesis
              })

              break
            }
            case 3: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.string()
              }

              obj.addresses++

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

  export interface JoinReplyCertificateFieldEvent {
    field: '$.certificate'
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinReplyGenesisNameFieldEvent {
    field: '$.genesis.name'
    value: string
  }

  export interface JoinReplyGenesisPublicKeyFieldEvent {
    field: '$.genesis.publicKey'
    value: Uint8Array<ArrayBuffer>
  }

  export interface JoinReplyGenesisFounderFieldEvent {
    field: '$.genesis.founder'
    value: string
  }

  export interface JoinReplyGenesisCreatedAtFieldEvent {
    field: '$.genesis.createdAt'
    value: number
  }

  export interface JoinReplyAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<JoinReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, JoinReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinReply>): JoinReply {
    return decodeMessage(buf, JoinReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<JoinReply>): Generator<JoinReplyCertificateFieldEvent | JoinReplyGenesisNameFieldEvent | JoinReplyGenesisPublicKeyFieldEvent | JoinReplyGenesisFounderFieldEvent | JoinReplyGenesisCreatedAtFieldEvent | JoinReplyAddressesFieldEvent> {
    return streamMessage(buf, JoinReply.codec(), opts)
  }
}

export interface GenesisRecord {
  name: string
  publicKey: Uint8Array<ArrayBuffer>
  founder: string
  createdAt: number
}

export namespace GenesisRecord {
  let _codec: Codec<GenesisRecord>

  export const codec = (): Codec<GenesisRecord> => {
    if (_codec == null) {
      _codec = message<GenesisRecord>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.publicKey != null && obj.publicKey.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.publicKey)
        }

        if ((obj.founder != null && obj.founder !== '')) {
          w.uint32(26)
          w.string(obj.founder)
        }

        if ((obj.createdAt != null && obj.createdAt !== 0)) {
          w.uint32(32)
          w.uint64Number(obj.createdAt)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          publicKey: uint8ArrayAlloc(0),
          founder: '',
          createdAt: 0
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
              obj.publicKey = reader.bytes()
              break
            }
            case 3: {
              obj.founder = reader.string()
              break
            }
            case 4: {
              obj.createdAt = reader.uint64Number()
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
                field: `${prefix}.publicKey`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.founder`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.createdAt`,
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

  export interface GenesisRecordNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface GenesisRecordPublicKeyFieldEvent {
    field: '$.publicKey'
    value: Uint8Array<ArrayBuffer>
  }

  export interface GenesisRecordFounderFieldEvent {
    field: '$.founder'
    value: string
  }

  export interface GenesisRecordCreatedAtFieldEvent {
    field: '$.createdAt'
    value: number
  }

  export function encode (obj: Partial<GenesisRecord>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, GenesisRecord.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<GenesisRecord>): GenesisRecord {
    return decodeMessage(buf, GenesisRecord.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<GenesisRecord>): Generator<GenesisRecordNameFieldEvent | GenesisRecordPublicKeyFieldEvent | GenesisRecordFounderFieldEvent | GenesisRecordCreatedAtFieldEvent> {
    return streamMessage(buf, GenesisRecord.codec(), opts)
  }
}

export interface IssueCertificateRequest {
  node: string
  atLeast: number
}

export namespace IssueCertificateRequest {
  let _codec: Codec<IssueCertificateRequest>

  export const codec = (): Codec<IssueCertificateRequest> => {
    if (_codec == null) {
      _codec = message<IssueCertificateRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.node != null && obj.node !== '')) {
          w.uint32(10)
          w.string(obj.node)
        }

        if ((obj.atLeast != null && obj.atLeast !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.atLeast)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          node: '',
          atLeast: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.node = reader.string()
              break
            }
            case 2: {
              obj.atLeast = reader.uint64Number()
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
                field: `${prefix}.node`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.atLeast`,
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

  export interface IssueCertificateRequestNodeFieldEvent {
    field: '$.node'
    value: string
  }

  export interface IssueCertificateRequestAtLeastFieldEvent {
    field: '$.atLeast'
    value: number
  }

  export function encode (obj: Partial<IssueCertificateRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, IssueCertificateRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<IssueCertificateRequest>): IssueCertificateRequest {
    return decodeMessage(buf, IssueCertificateRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<IssueCertificateRequest>): Generator<IssueCertificateRequestNodeFieldEvent | IssueCertificateRequestAtLeastFieldEvent> {
    return streamMessage(buf, IssueCertificateRequest.codec(), opts)
  }
}

export interface IssueCertificateReply {
  certificate: Uint8Array<ArrayBuffer>
}

export namespace IssueCertificateReply {
  let _codec: Codec<IssueCertificateReply>

  export const codec = (): Codec<IssueCertificateReply> => {
    if (_codec == null) {
      _codec = message<IssueCertificateReply>((obj, w, opts = {}) => {
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

  export interface IssueCertificateReplyCertificateFieldEvent {
    field: '$.certificate'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<IssueCertificateReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, IssueCertificateReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<IssueCertificateReply>): IssueCertificateReply {
    return decodeMessage(buf, IssueCertificateReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<IssueCertificateReply>): Generator<IssueCertificateReplyCertificateFieldEvent> {
    return streamMessage(buf, IssueCertificateReply.codec(), opts)
  }
}
