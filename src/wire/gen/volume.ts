// Generated from protocols/volume.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface VolumeReadRequest {
  backup: string
  volume: string
}

export namespace VolumeReadRequest {
  let _codec: Codec<VolumeReadRequest>

  export const codec = (): Codec<VolumeReadRequest> => {
    if (_codec == null) {
      _codec = message<VolumeReadRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.backup != null && obj.backup !== '')) {
          w.uint32(10)
          w.string(obj.backup)
        }

        if ((obj.volume != null && obj.volume !== '')) {
          w.uint32(18)
          w.string(obj.volume)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          backup: '',
          volume: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.backup = reader.string()
              break
            }
            case 2: {
              obj.volume = reader.string()
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
                field: `${prefix}.backup`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.volume`,
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

  export interface VolumeReadRequestBackupFieldEvent {
    field: '$.backup'
    value: string
  }

  export interface VolumeReadRequestVolumeFieldEvent {
    field: '$.volume'
    value: string
  }

  export function encode (obj: Partial<VolumeReadRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, VolumeReadRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VolumeReadRequest>): VolumeReadRequest {
    return decodeMessage(buf, VolumeReadRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VolumeReadRequest>): Generator<VolumeReadRequestBackupFieldEvent | VolumeReadRequestVolumeFieldEvent> {
    return streamMessage(buf, VolumeReadRequest.codec(), opts)
  }
}

export interface VolumePiece {
  data: Uint8Array<ArrayBuffer>
}

export namespace VolumePiece {
  let _codec: Codec<VolumePiece>

  export const codec = (): Codec<VolumePiece> => {
    if (_codec == null) {
      _codec = message<VolumePiece>((obj, w, opts = {}) => {
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

  export interface VolumePieceDataFieldEvent {
    field: '$.data'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<VolumePiece>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, VolumePiece.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VolumePiece>): VolumePiece {
    return decodeMessage(buf, VolumePiece.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<VolumePiece>): Generator<VolumePieceDataFieldEvent> {
    return streamMessage(buf, VolumePiece.codec(), opts)
  }
}
