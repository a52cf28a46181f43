// Generated from protocols/raft.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export enum RaftKind {
  RAFT_UNKNOWN = 'RAFT_UNKNOWN',
  RAFT_PRE_VOTE = 'RAFT_PRE_VOTE',
  RAFT_PRE_VOTE_REPLY = 'RAFT_PRE_VOTE_REPLY',
  RAFT_VOTE = 'RAFT_VOTE',
  RAFT_VOTE_REPLY = 'RAFT_VOTE_REPLY',
  RAFT_APPEND = 'RAFT_APPEND',
  RAFT_APPEND_REPLY = 'RAFT_APPEND_REPLY',
  RAFT_TAKE_OVER = 'RAFT_TAKE_OVER'
}

enum __RaftKindValues {
  RAFT_UNKNOWN = 0,
  RAFT_PRE_VOTE = 1,
  RAFT_PRE_VOTE_REPLY = 2,
  RAFT_VOTE = 3,
  RAFT_VOTE_REPLY = 4,
  RAFT_APPEND = 5,
  RAFT_APPEND_REPLY = 6,
  RAFT_TAKE_OVER = 7
}

export namespace RaftKind {
  export const codec = (): Codec<RaftKind> => {
    return enumeration<RaftKind>(__RaftKindValues)
  }
}

export interface RaftMessage {
  kind: RaftKind
  term: number
  index: number
  indexTerm: number
  granted: boolean
  forced: boolean
  entries: RaftEntry[]
  commit: number
  round: number
  rejected: number
  mute: boolean
}

export namespace RaftMessage {
  let _codec: Codec<RaftMessage>

  export const codec = (): Codec<RaftMessage> => {
    if (_codec == null) {
      _codec = message<RaftMessage>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.kind != null && __RaftKindValues[obj.kind] !== 0) {
          w.uint32(8)
          RaftKind.codec().encode(obj.kind, w)
        }

        if ((obj.term != null && obj.term !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.term)
        }

        if ((obj.index != null && obj.index !== 0)) {
          w.uint32(24)
          w.uint64Number(obj.index)
        }

        if ((obj.indexTerm != null && obj.indexTerm !== 0)) {
          w.uint32(32)
          w.uint64Number(obj.indexTerm)
        }

        if ((obj.granted != null && obj.granted !== false)) {
          w.uint32(40)
          w.bool(obj.granted)
        }

        if ((obj.forced != null && obj.forced !== false)) {
          w.uint32(48)
          w.bool(obj.forced)
        }

        if (obj.entries != null && obj.entries.length > 0) {
          for (const value of obj.entries) {
            w.uint32(58)
            RaftEntry.codec().encode(value, w)
          }
        }

        if ((obj.commit != null && obj.commit !== 0)) {
          w.uint32(64)
          w.uint64Number(obj.commit)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(72)
          w.uint64Number(obj.round)
        }

        if ((obj.rejected != null && obj.rejected !== 0)) {
          w.uint32(80)
          w.uint64Number(obj.rejected)
        }

        if ((obj.mute != null && obj.mute !== false)) {
          w.uint32(88)
          w.bool(obj.mute)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          kind: RaftKind.RAFT_UNKNOWN,
          term: 0,
          index: 0,
          indexTerm: 0,
          granted: false,
          forced: false,
          entries: [],
          commit: 0,
          round: 0,
          rejected: 0,
          mute: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.kind = RaftKind.codec().decode(reader)
              break
            }
            case 2: {
              obj.term = reader.uint64Number()
              break
            }
            case 3: {
              obj.index = reader.uint64Number()
              break
            }
            case 4: {
              obj.indexTerm = reader.uint64Number()
              break
            }
            case 5: {
              obj.granted = reader.bool()
              break
            }
            case 6: {
              obj.forced = reader.bool()
              break
            }
            case 7: {
              if (opts.limits?.entries != null && obj.entries.length === opts.limits.entries) {
                throw new MaxLengthError('Decode error - repeated field "entries" had too many elements')
              }

              obj.entries.push(RaftEntry.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.entries$
              }))
              break
            }
            case 8: {
              obj.commit = reader.uint64Number()
              break
            }
            case 9: {
              obj.round = reader.uint64Number()
              break
            }
            case 10: {
              obj.rejected = reader.uint64Number()
              break
            }
            case 11: {
              obj.mute = reader.bool()
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
          entries: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.kind`,
                value: RaftKind.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.term`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.index`,
                value: reader.uint64Number()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.indexTerm`,
                value: reader.uint64Number()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.granted`,
                value: reader.bool()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.forced`,
                value: reader.bool()
              }
              break
            }
            case 7: {
              if (opts.limits?.entries != null && obj.entries === opts.limits.entries) {
                throw new MaxLengthError('Streaming decode error - repeated field "entries" had too many elements')
              }

              for (const evt of RaftEntry.codec().stream(reader, reader.uint32(), `${prefix}.entries[]`, {
                limits: opts.limits?.entries$
              })) {
                yield {
                  ...evt,
                  index: obj.entries
                }
              }

              obj.entries++

              break
            }
            case 8: {
              yield {
                field: `${prefix}.commit`,
                value: reader.uint64Number()
              }
              break
            }
            case 9: {
              yield {
                field: `${prefix}.round`,
                value: reader.uint64Number()
              }
              break
            }
            case 10: {
              yield {
                field: `${prefix}.rejected`,
                value: reader.uint64Number()
              }
              break
            }
            case 11: {
              yield {
                field: `${prefix}.mute`,
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

  export interface RaftMessageKindFieldEvent {
    field: '$.kind'
    value: RaftKind
  }

  export interface RaftMessageTermFieldEvent {
    field: '$.term'
    value: number
  }

  export interface RaftMessageIndexFieldEvent {
    field: '$.index'
    value: number
  }

  export interface RaftMessageIndexTermFieldEvent {
    field: '$.indexTerm'
    value: number
  }

  export interface RaftMessageGrantedFieldEvent {
    field: '$.granted'
    value: boolean
  }

  export interface RaftMessageForcedFieldEvent {
    field: '$.forced'
    value: boolean
  }

  export interface RaftMessageEntriesKindFieldEvent {
    field: '$.entries[].kind'
    value: RaftEntryKind
    index: number
  }

  export interface RaftMessageEntriesTermFieldEvent {
    field: '$.entries[].term'
    value: number
    index: number
  }

  export interface RaftMessageEntriesPayloadFieldEvent {
    field: '$.entries[].payload'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface RaftMessageEntriesVotersFieldEvent {
    field: '$.entries[].voters[]'
    index: number
    value: string
  }

  export interface RaftMessageCommitFieldEvent {
    field: '$.commit'
    value: number
  }

  export interface RaftMessageRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface RaftMessageRejectedFieldEvent {
    field: '$.rejected'
    value: number
  }

  export interface RaftMessageMuteFieldEvent {
    field: '$.mute'
    value: boolean
  }

  export function encode (obj: Partial<RaftMessage>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RaftMessage.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RaftMessage>): RaftMessage {
    return decodeMessage(buf, RaftMessage.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RaftMessage>): Generator<RaftMessageKindFieldEvent | RaftMessageTermFieldEvent | RaftMessageIndexFieldEvent | RaftMessageIndexTermFieldEvent | RaftMessageGrantedFieldEvent | RaftMessageForcedFieldEvent | RaftMessageEntriesKindFieldEvent | RaftMessageEntriesTermFieldEvent | RaftMessageEntriesPayloadFieldEvent | RaftMessageEntriesVotersFieldEvent | RaftMessageCommitFieldEvent | RaftMessageRoundFieldEvent | RaftMessageRejectedFieldEvent | RaftMessageMuteFieldEvent> {
    return streamMessage(buf, RaftMessage.codec(), opts)
  }
}

export enum RaftEntryKind {
  RAFT_ENTRY_UNKNOWN = 'RAFT_ENTRY_UNKNOWN',
  RAFT_ENTRY_NOOP = 'RAFT_ENTRY_NOOP',
  RAFT_ENTRY_COMMAND = 'RAFT_ENTRY_COMMAND',
  RAFT_ENTRY_VOTERS = 'RAFT_ENTRY_VOTERS'
}

enum __RaftEntryKindValues {
  RAFT_ENTRY_UNKNOWN = 0,
  RAFT_ENTRY_NOOP = 1,
  RAFT_ENTRY_COMMAND = 2,
  RAFT_ENTRY_VOTERS = 3
}

export namespace RaftEntryKind {
  export const codec = (): Codec<RaftEntryKind> => {
    return enumeration<RaftEntryKind>(__RaftEntryKindValues)
  }
}

export interface RaftEntry {
  kind: RaftEntryKind
  term: number
  payload: Uint8Array<ArrayBuffer>
  voters: string[]
}

export namespace RaftEntry {
  let _codec: Codec<RaftEntry>

  export const codec = (): Codec<RaftEntry> => {
    if (_codec == null) {
      _codec = message<RaftEntry>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.kind != null && __RaftEntryKindValues[obj.kind] !== 0) {
          w.uint32(8)
          RaftEntryKind.codec().encode(obj.kind, w)
        }

        if ((obj.term != null && obj.term !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.term)
        }

        if ((obj.payload != null && obj.payload.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.payload)
        }

        if (obj.voters != null && obj.voters.length > 0) {
          for (const value of obj.voters) {
            w.uint32(34)
            w.string(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          kind: RaftEntryKind.RAFT_ENTRY_UNKNOWN,
          term: 0,
          payload: uint8ArrayAlloc(0),
          voters: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.kind = RaftEntryKind.codec().decode(reader)
              break
            }
            case 2: {
              obj.term = reader.uint64Number()
              break
            }
            case 3: {
              obj.payload = reader.bytes()
              break
            }
            case 4: {
              if (opts.limits?.voters != null && obj.voters.length === opts.limits.voters) {
                throw new MaxLengthError('Decode error - repeated field "voters" had too many elements')
              }

              obj.voters.push(reader.string())
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
          voters: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.kind`,
                value: RaftEntryKind.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.term`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.payload`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              if (opts.limits?.voters != null && obj.voters === opts.limits.voters) {
                throw new MaxLengthError('Streaming decode error - repeated field "voters" had too many elements')
              }

              yield {
                field: `${prefix}.voters[]`,
                index: obj.voters,
                value: reader.string()
              }

              obj.voters++

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

  export interface RaftEntryKindFieldEvent {
    field: '$.kind'
    value: RaftEntryKind
  }

  export interface RaftEntryTermFieldEvent {
    field: '$.term'
    value: number
  }

  export interface RaftEntryPayloadFieldEvent {
    field: '$.payload'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RaftEntryVotersFieldEvent {
    field: '$.voters[]'
    index: number
    value: string
  }

  export function encode (obj: Partial<RaftEntry>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RaftEntry.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RaftEntry>): RaftEntry {
    return decodeMessage(buf, RaftEntry.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RaftEntry>): Generator<RaftEntryKindFieldEvent | RaftEntryTermFieldEvent | RaftEntryPayloadFieldEvent | RaftEntryVotersFieldEvent> {
    return streamMessage(buf, RaftEntry.codec(), opts)
  }
}

export interface RaftSnapshotChunk {
  term: number
  index: number
  indexTerm: number
  voters: string[]
  size: number
  checksum: number
  offset: number
  data: Uint8Array<ArrayBuffer>
}

export namespace RaftSnapshotChunk {
  let _codec: Codec<RaftSnapshotChunk>

  export const codec = (): Codec<RaftSnapshotChunk> => {
    if (_codec == null) {
      _codec = message<RaftSnapshotChunk>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.term != null && obj.term !== 0)) {
          w.uint32(8)
          w.uint64Number(obj.term)
        }

        if ((obj.index != null && obj.index !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.index)
        }

        if ((obj.indexTerm != null && obj.indexTerm !== 0)) {
          w.uint32(24)
          w.uint64Number(obj.indexTerm)
        }

        if (obj.voters != null && obj.voters.length > 0) {
          for (const value of obj.voters) {
            w.uint32(34)
            w.string(value)
          }
        }

        if ((obj.size != null && obj.size !== 0)) {
          w.uint32(40)
          w.uint64Number(obj.size)
        }

        if ((obj.checksum != null && obj.checksum !== 0)) {
          w.uint32(48)
          w.uint32(obj.checksum)
        }

        if ((obj.offset != null && obj.offset !== 0)) {
          w.uint32(56)
          w.uint64Number(obj.offset)
        }

        if ((obj.data != null && obj.data.byteLength > 0)) {
          w.uint32(66)
          w.bytes(obj.data)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          term: 0,
          index: 0,
          indexTerm: 0,
          voters: [],
          size: 0,
          checksum: 0,
          offset: 0,
          data: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.term = reader.uint64Number()
              break
            }
            case 2: {
              obj.index = reader.uint64Number()
              break
            }
            case 3: {
              obj.indexTerm = reader.uint64Number()
              break
            }
            case 4: {
              if (opts.limits?.voters != null && obj.voters.length === opts.limits.voters) {
                throw new MaxLengthError('Decode error - repeated field "voters" had too many elements')
              }

              obj.voters.push(reader.string())
              break
            }
            case 5: {
              obj.size = reader.uint64Number()
              break
            }
            case 6: {
              obj.checksum = reader.uint32()
              break
            }
            case 7: {
              obj.offset = reader.uint64Number()
              break
            }
            case 8: {
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
        const obj = {
          voters: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.term`,
                value: reader.uint64Number()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.index`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.indexTerm`,
                value: reader.uint64Number()
              }
              break
            }
            case 4: {
              if (opts.limits?.voters != null && obj.voters === opts.limits.voters) {
                throw new MaxLengthError('Streaming decode error - repeated field "voters" had too many elements')
              }

              yield {
                field: `${prefix}.voters[]`,
                index: obj.voters,
                value: reader.string()
              }

              obj.voters++

              break
            }
            case 5: {
              yield {
                field: `${prefix}.size`,
                value: reader.uint64Number()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.checksum`,
                value: reader.uint32()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.offset`,
                value: reader.uint64Number()
              }
              break
            }
            case 8: {
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

  export interface RaftSnapshotChunkTermFieldEvent {
    field: '$.term'
    value: number
  }

  export interface RaftSnapshotChunkIndexFieldEvent {
    field: '$.index'
    value: number
  }

  export interface RaftSnapshotChunkIndexTermFieldEvent {
    field: '$.indexTerm'
    value: number
  }

  export interface RaftSnapshotChunkVotersFieldEvent {
    field: '$.voters[]'
    index: number
    value: string
  }

  export interface RaftSnapshotChunkSizeFieldEvent {
    field: '$.size'
    value: number
  }

  export interface RaftSnapshotChunkChecksumFieldEvent {
    field: '$.checksum'
    value: number
  }

  export interface RaftSnapshotChunkOffsetFieldEvent {
    field: '$.offset'
    value: number
  }

  export interface RaftSnapshotChunkDataFieldEvent {
    field: '$.data'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<RaftSnapshotChunk>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RaftSnapshotChunk.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RaftSnapshotChunk>): RaftSnapshotChunk {
    return decodeMessage(buf, RaftSnapshotChunk.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RaftSnapshotChunk>): Generator<RaftSnapshotChunkTermFieldEvent | RaftSnapshotChunkIndexFieldEvent | RaftSnapshotChunkIndexTermFieldEvent | RaftSnapshotChunkVotersFieldEvent | RaftSnapshotChunkSizeFieldEvent | RaftSnapshotChunkChecksumFieldEvent | RaftSnapshotChunkOffsetFieldEvent | RaftSnapshotChunkDataFieldEvent> {
    return streamMessage(buf, RaftSnapshotChunk.codec(), opts)
  }
}

export interface RaftSnapshotReply {
  wanted: number
}

export namespace RaftSnapshotReply {
  let _codec: Codec<RaftSnapshotReply>

  export const codec = (): Codec<RaftSnapshotReply> => {
    if (_codec == null) {
      _codec = message<RaftSnapshotReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.wanted != null && obj.wanted !== 0)) {
          w.uint32(8)
          w.uint64Number(obj.wanted)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          wanted: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.wanted = reader.uint64Number()
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
                field: `${prefix}.wanted`,
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

  export interface RaftSnapshotReplyWantedFieldEvent {
    field: '$.wanted'
    value: number
  }

  export function encode (obj: Partial<RaftSnapshotReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, RaftSnapshotReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RaftSnapshotReply>): RaftSnapshotReply {
    return decodeMessage(buf, RaftSnapshotReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RaftSnapshotReply>): Generator<RaftSnapshotReplyWantedFieldEvent> {
    return streamMessage(buf, RaftSnapshotReply.codec(), opts)
  }
}
