/** What a question for a name in the mesh is answered with. */
import type { Answer, NameRecord, Question } from '../../model/naming.ts'
import { zone } from '../../model/naming.ts'
import type { Workload } from '../../model/workload.ts'
import type { Named, NamedPort, Names } from './names.ts'

export interface Around {
  readonly names: Names
  readonly addressesOf: (workload: Workload) => readonly string[]
  /** Rises with every answer: who is first changes with it. */
  readonly turn: number
}

/** Most records of one answer, so that it fits into a datagram; who has more members is answered with others of them each time. */
export const mostRecords = 16

const none: Answer = { kind: 'found', records: [], extra: [] }

export function resolveName({ name, type }: Question, { names, addressesOf, turn }: Around): Answer {
  const asked = name.toLowerCase()
  if (asked !== zone && !asked.endsWith(`.${zone}`)) return { kind: 'foreign' }
  const inner = asked.slice(0, -zone.length - 1)
  if (inner === '' || names.hasNamespace(inner)) return none
  const { service, key } = serviceIn(inner)
  const named = names.find(key)
  if (named === undefined) return isOnTheWay(names, key) ? none : { kind: 'missing' }
  const ports = service === null ? named.ports.slice(0, 1) : portsFor(named, service)
  if (service !== null && ports.length === 0) return { kind: 'missing' }
  const there = turned(
    named.members.flatMap((workload) => addressesOf(workload).map((address) => ({ workload, address }))),
    turn,
  )
  if (type === 'SRV') return serviceRecords(name, ports, there)
  if (service !== null || (type !== 'A' && type !== 'AAAA')) return none
  const records = there.map(({ address }) => addressRecord(name, address)).filter((record) => record.type === type)
  return { kind: 'found', records: records.slice(0, mostRecords), extra: [] }
}

/** `_http._tcp.web.default`: only what that service is at. */
function serviceIn(inner: string): { readonly service: string | null; readonly key: string } {
  const [, service, key] = /^_([^.]+)\._tcp\.(.+)$/.exec(inner) ?? []
  return service === undefined || key === undefined ? { service: null, key: inner } : { service, key }
}

const portsFor = ({ ports }: Named, service: string): readonly NamedPort[] =>
  ports.filter(({ port, protocol }) => service === protocol || service === String(port))

/** A name between the zone and one that there is: it exists, and has nothing. */
function isOnTheWay(names: Names, key: string): boolean {
  const below = /^_tcp\.(.+)$/.exec(key)?.[1]
  return below === undefined ? names.hasBelow(key) : names.find(below) !== undefined
}

interface There {
  readonly workload: Workload
  readonly address: string
}

function turned(all: readonly There[], turn: number): readonly There[] {
  const first = all.length === 0 ? 0 : turn % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

function serviceRecords(name: string, ports: readonly NamedPort[], there: readonly There[]): Answer {
  const targets = there.slice(0, mostRecords)
  const records = targets.flatMap(({ workload }) =>
    ports.map(({ port }): NameRecord => ({ type: 'SRV', name, target: targetOf(workload), port })),
  )
  return {
    ...{ kind: 'found', records: records.slice(0, mostRecords) },
    extra:
      records.length === 0 ? [] : targets.map(({ workload, address }) => addressRecord(targetOf(workload), address)),
  }
}

const targetOf = ({ name, spec }: Workload): string => `${name}.${spec.namespace}.${zone}`

const addressRecord = (name: string, address: string): NameRecord => ({
  type: address.includes(':') ? 'AAAA' : 'A',
  name,
  address,
})
