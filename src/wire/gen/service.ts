// Generated from protocols/service.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface ServiceStatsRequest {
  deployment: string
  spanMs: number
}

export namespace ServiceStatsRequest {
  let _codec: Codec<ServiceStatsRequest>

  export const codec = (): Codec<ServiceStatsRequest> => {
    if (_codec == null) {
      _codec = message<ServiceStatsRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.deployment != null && obj.deployment !== '')) {
          w.uint32(10)
          w.string(obj.deployment)
        }

        if ((obj.spanMs != null && obj.spanMs !== 0)) {
          w.uint32(16)
          w.uint32(obj.spanMs)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          deployment: '',
          spanMs: 0
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
              obj.spanMs = reader.uint32()
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
                field: `${prefix}.deployment`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.spanMs`,
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

  export interface ServiceStatsRequestDeploymentFieldEvent {
    field: '$.deployment'
    value: string
  }

  export interface ServiceStatsRequestSpanMsFieldEvent {
    field: '$.spanMs'
    value: number
  }

  export function encode (obj: Partial<ServiceStatsRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ServiceStatsRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ServiceStatsRequest>): ServiceStatsRequest {
    return decodeMessage(buf, ServiceStatsRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ServiceStatsRequest>): Generator<ServiceStatsRequestDeploymentFieldEvent | ServiceStatsRequestSpanMsFieldEvent> {
    return streamMessage(buf, ServiceStatsRequest.codec(), opts)
  }
}

export interface ServiceStatsResponse {
  revisions: RevisionTally[]
  unserved: number
}

export namespace ServiceStatsResponse {
  let _codec: Codec<ServiceStatsResponse>

  export const codec = (): Codec<ServiceStatsResponse> => {
    if (_codec == null) {
      _codec = message<ServiceStatsResponse>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.revisions != null && obj.revisions.length > 0) {
          for (const value of obj.revisions) {
            w.uint32(10)
            RevisionTally.codec().encode(value, w)
          }
        }

        if ((obj.unserved != null && obj.unserved !== 0)) {
          w.uint32(16)
          w.uint32(obj.unserved)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          revisions: [],
          unserved: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.revisions != null && obj.revisions.length === opts.limits.revisions) {
                throw new MaxLengthError('Decode error - repeated field "revisions" had too many elements')
              }

              obj.revisions.push(RevisionTally.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.revisions$
              }))
              break
            }
            case 2: {
              obj.unserved = reader.uint32()
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
          revisions: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.revisions != null && obj.revisions === opts.limits.revisions) {
                throw new MaxLengthError('Streaming decode error - repeated field "revisions" had too many elements')
              }

              for (const evt of RevisionTally.codec().stream(reader, reader.uint32(), `${prefix}.revisions[]`, {
                limits: opts.limits?.revisions$
              })) {
                yield {
                  ...evt,
                  index: obj.revisions
                }
              }

              obj.revisions++

              break
            }
            case 2: {
              yield {
                field: `${prefix}.unserved`,
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

  export interface ServiceStatsResponseRevisionsRevisionFieldEvent {
    field: '$.revisions[].revision'
    value: number
    index: number
  }

  export interface ServiceStatsResponseRevisionsRequestsFieldEvent {
    field: '$.revisions[].requests'
    value: number
    index: number
  }

  export interface ServiceStatsResponseRevisionsFailedFieldEvent {
    field: '$.revisions[].failed'
    value: number
    index: number
  }

  export interface ServiceStatsResponseRevisionsLatenciesFieldEvent {
    field: '$.revisions[].latencies[]'
    index: number
    value: number
  }

  export interface ServiceStatsResponseUnservedFieldEvent {
    field: '$.unserved'
    value: number
  }

  export function encode (obj: Partial<ServiceStatsResponse>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ServiceStatsResponse.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ServiceStatsResponse>): ServiceStatsResponse {
    return decodeMessage(buf, ServiceStatsResponse.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ServiceStatsResponse>): Generator<ServiceStatsResponseRevisionsRevisionFieldEvent | ServiceStatsResponseRevisionsRequestsFieldEvent | ServiceStatsResponseRevisionsFailedFieldEvent | ServiceStatsResponseRevisionsLatenciesFieldEvent | ServiceStatsResponseUnservedFieldEvent> {
    return streamMessage(buf, ServiceStatsResponse.codec(), opts)
  }
}

export interface RevisionTally {
  revision: number
  requests: number
  failed: number
  latencies: number[]
}

export namespace RevisionTally {
  let _codec: Codec<RevisionTally>

  export const codec = (): Codec<RevisionTally> => {
    if (_codec == null) {
      _codec = message<RevisionTally>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.revision != null && obj.revision !== 0)) {
          w.uint32(8)
          w.uint32(obj.revision)
        }

        if ((obj.requests != null && obj.requests !== 0)) {
          w.uint32(16)
          w.uint32(obj.requests)
        }

        if ((obj.failed != null && obj.failed !== 0)) {
          w.uint32(24)
          w.uint32(obj.failed)
        }

        if (obj.latencies != null && obj.latencies.length > 0) {
          for (const value of obj.latencies) {
            w.uint32(32)
            w.uint32(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          revision: 0,
          requests: 0,
          failed: 0,
          latencies: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.revision = reader.uint32()
              break
            }
            case 2: {
              obj.requests = reader.uint32()
              break
            }
            case 3: {
              obj.failed = reader.uint32()
              break
            }
            case 4: {
              if (opts.limits?.latencies != null && obj.latencies.length === opts.limits.latencies) {
                throw new MaxLengthError('Decode error - repeated field "latencies" had too many elements')
              }

              obj.latencies.push(reader.uint32())
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
          latencies: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.revision`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.requests`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.failed`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              if (opts.limits?.latencies != null && obj.latencies === opts.limits.latencies) {
                throw new MaxLengthError('Streaming decode error - repeated field "latencies" had too many elements')
              }

              yield {
                field: `${prefix}.latencies[]`,
                index: obj.latencies,
                value: reader.uint32()
              }

              obj.latencies++

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

  export interface RevisionTallyRevisionFieldEvent {
    field: '$.revision'
    value: number
  }

  export interface RevisionTallyRequestsFieldEvent {
    field: '$.requests'
    value: number
  }

  export interface RevisionTallyFailedFieldEvent {
    field: '$.failed'
    value: number
  }

  export interface RevisionTallyLatenciesFieldEvent {
    field: '$.latencies[]'
    index: number
    value: number
  }

  export function encode (obj: Partial<RevisionTally>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RevisionTally.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RevisionTally>): RevisionTally {
    return decodeMessage(buf, RevisionTally.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RevisionTally>): Generator<RevisionTallyRevisionFieldEvent | RevisionTallyRequestsFieldEvent | RevisionTallyFailedFieldEvent | RevisionTallyLatenciesFieldEvent> {
    return streamMessage(buf, RevisionTally.codec(), opts)
  }
}
