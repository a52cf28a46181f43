/** Questions and answers as they are on the wire. */
import packet from 'dns-packet'
import type { Answer as Told, NameRecord, Question } from '../../model/naming.ts'
import { missTtl, nameTtl, zone } from '../../model/naming.ts'

export const rcodes = { ok: 0, malformed: 1, failed: 2, missing: 3, unknown: 4, refused: 5 } as const

export interface Query {
  readonly id: number
  readonly question: Question
  /** Largest datagram that who asks takes. */
  readonly room: number
  readonly wantsRecursion: boolean
  readonly hasOptions: boolean
}

export type Read =
  | { readonly kind: 'query'; readonly query: Query }
  /** What the sender can be told of it. */
  | { readonly kind: 'refused'; readonly reply: Uint8Array }
  /** No question at all: an answer to one would only go in circles. */
  | { readonly kind: 'noise' }

const headerBytes = 12
/** Larger ones are cut apart on many ways. */
const mostRoom = 1_232
const leastRoom = 512

/** Never throws, whatever the bytes. */
export function readQuery(bytes: Uint8Array): Read {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (data.length < headerBytes || (data.readUInt8(2) & 0x80) !== 0) return { kind: 'noise' }
  const isQuery = (data.readUInt8(2) & 0x78) === 0
  if (!isQuery) return { kind: 'refused', reply: bare(data, rcodes.unknown) }
  const malformed: Read = { kind: 'refused', reply: bare(data, rcodes.malformed) }
  if (data.readUInt16BE(4) !== 1 || data.readUInt16BE(6) !== 0 || data.readUInt16BE(8) !== 0) return malformed
  // Nothing that comes back from elsewhere could be told to be an answer to it.
  if (questionEnd(data) === null) return malformed
  try {
    const { id = 0, questions = [], additionals = [], flags = 0 } = packet.decode(data)
    const [asked] = questions
    if (asked === undefined || asked.class !== 'IN' || asked.name.length > 253 || /[^ -~]/.test(asked.name))
      return malformed
    const options = additionals.find(({ type }) => type === 'OPT')
    const wanted = options?.type === 'OPT' ? options.udpPayloadSize : leastRoom
    return {
      kind: 'query',
      query: {
        ...{ id, question: { name: asked.name === '.' ? '' : asked.name, type: asked.type } },
        ...{ room: Math.min(Math.max(wanted, leastRoom), mostRoom), hasOptions: options !== undefined },
        wantsRecursion: (flags & packet.RECURSION_DESIRED) !== 0,
      },
    }
  } catch {
    return malformed
  }
}

/** Where the first question ends, whose name is written out; null for one that is not, or is not all there. */
export function questionEnd(data: Buffer): number | null {
  let at = headerBytes
  while (at < data.length) {
    const length = data.readUInt8(at)
    if (length === 0) return at + 5 <= data.length ? at + 5 : null
    if (length > 63) return null
    at += 1 + length
  }
  return null
}

/** Of a question that cannot be repeated in it. */
function bare(data: Buffer, rcode: number): Uint8Array {
  const reply = Buffer.alloc(headerBytes)
  data.copy(reply, 0, 0, 2)
  reply.writeUInt8(0x80 | (data.readUInt8(2) & 0x79), 2)
  reply.writeUInt8(rcode, 3)
  return reply
}

/** Without its records where they do not fit, which has who asked come again by TCP. */
export function writeAnswer(query: Query, told: Exclude<Told, { kind: 'foreign' }>, room: number): Uint8Array {
  const records = told.kind === 'found' ? told.records : []
  const whole = encode(query, told.kind === 'missing' ? rcodes.missing : rcodes.ok, {
    answers: records.map(recordOf),
    authorities: records.length === 0 ? [authority] : [],
    additionals: told.kind === 'found' ? told.extra.map(recordOf) : [],
  })
  if (whole.length <= room) return whole
  const plain = encode(query, rcodes.ok, { answers: records.map(recordOf) })
  return plain.length <= room ? plain : truncated(query)
}

export const writeProblem = (query: Query, rcode: number): Uint8Array => encode(query, rcode, {})

export const truncated = (query: Query): Uint8Array => encode(query, rcodes.ok, {}, packet.TRUNCATED_RESPONSE)

type Sections = Pick<packet.Packet, 'answers' | 'authorities' | 'additionals'>

function encode(query: Query, rcode: number, sections: Sections, more = 0): Uint8Array {
  const { id, question, wantsRecursion, hasOptions } = query
  const isOurs = sections.answers !== undefined || more !== 0
  return packet.encode({
    ...{ type: 'response', id },
    flags:
      (isOurs ? packet.AUTHORITATIVE_ANSWER : 0) |
      packet.RECURSION_AVAILABLE |
      (wantsRecursion ? packet.RECURSION_DESIRED : 0) |
      more |
      rcode,
    questions: [{ name: question.name, type: question.type as packet.RecordType, class: 'IN' }],
    answers: sections.answers ?? [],
    authorities: sections.authorities ?? [],
    additionals: [...(sections.additionals ?? []), ...(hasOptions ? [ownOptions] : [])],
  })
}

const ownOptions: packet.OptAnswer = {
  ...{ type: 'OPT', name: '.', udpPayloadSize: mostRoom, extendedRcode: 0, ednsVersion: 0, flags: 0 },
  ...{ flag_do: false, options: [] },
}

/** Says for how long it may be remembered that there is nothing. */
const authority: packet.Answer = {
  ...{ type: 'SOA', name: zone, ttl: missTtl, class: 'IN' },
  data: {
    ...{ mname: `ns.${zone}`, rname: `hostmaster.${zone}`, serial: 1 },
    ...{ refresh: 60, retry: 60, expire: 60, minimum: missTtl },
  },
}

function recordOf(record: NameRecord): packet.Answer {
  const common = { name: record.name, ttl: nameTtl, class: 'IN' as const }
  return record.type === 'SRV'
    ? { ...common, type: 'SRV', data: { port: record.port, target: record.target, priority: 0, weight: 0 } }
    : { ...common, type: record.type, data: record.address }
}
