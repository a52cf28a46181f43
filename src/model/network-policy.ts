/** Who may reach whom in the overlay: rules of a namespace on connections to its work, and from it. */
import { z } from 'zod'
import { parseCidr } from '../lib/cidr.ts'
import { labelName } from './label.ts'
import { namespaceName } from './namespace.ts'
import type { Instant } from './time.ts'

export const networkPolicyName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 -, as in web-only')

const deployment = z.string().min(1).max(128).describe('Replicas of the deployment of that name')
const labels = z
  .record(labelName, z.string().max(128))
  .refine((record) => Object.keys(record).length <= 16, 'at most 16 labels')
  .describe('What has all of these labels')

/** Where both are left out, all work of the namespace. */
export const WorkSelector = z.strictObject({ deployment: deployment.exactOptional(), labels: labels.exactOptional() })
export type WorkSelector = z.infer<typeof WorkSelector>

const range = z
  .string()
  .max(18)
  .refine((text) => parseCidr(text) !== null, 'must be a range such as 10.200.3.0/24, or one address with /32')

/** Work, by what it is, or addresses, by where they are. With nothing named, all work of the policy’s own namespace. */
export const NetworkPeer = z
  .strictObject({
    namespace: z
      .union([z.literal('*'), namespaceName])
      .exactOptional()
      .describe('Namespace of the work; * for every one, and the policy’s own if left out'),
    deployment: deployment.exactOptional(),
    labels: labels.exactOptional(),
    cidr: range.exactOptional().describe('Addresses in place of work'),
    except: z.array(range).max(16).exactOptional().describe('But for these'),
  })
  .refine(
    ({ cidr, namespace, deployment: name, labels: some }) =>
      cidr === undefined || [namespace, name, some].every((part) => part === undefined),
    'names work or a range of addresses, not both',
  )
  .refine(({ cidr, except }) => except === undefined || cidr !== undefined, 'except needs a cidr')
export type NetworkPeer = z.infer<typeof NetworkPeer>

export const networkProtocols = ['tcp', 'udp'] as const
export type NetworkProtocol = (typeof networkProtocols)[number]

export interface PortRange {
  readonly protocol: NetworkProtocol
  readonly first: number
  readonly last: number
}

const portForm = /^([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?(?:\/(tcp|udp))?$/

/** Null for what is none. Without a protocol it is TCP. */
export function parsePorts(text: string): PortRange | null {
  const [, from, to = from, protocol = 'tcp'] = portForm.exec(text) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (from === undefined || first > last || last > 65_535) return null
  return { protocol: protocol as NetworkProtocol, first, last }
}

/** `8080/tcp`, `8000-8100/udp`: the one way in which it is kept and shown. */
export const portsText = ({ protocol, first, last }: PortRange): string =>
  `${first === last ? first : `${first}-${last}`}/${protocol}`

/** As it is kept. */
export const networkPorts = z
  .string()
  .max(16)
  .refine((text) => {
    const ports = parsePorts(text)
    return ports !== null && portsText(ports) === text
  }, 'must be as in 8080/tcp and 8000-8100/udp')

/** What of connections it lets through: with any of the peers, at any of the ports. */
export const NetworkRule = z.strictObject({
  /** Everybody where there is none. */
  peers: z.array(NetworkPeer).max(32),
  /** Every port and every protocol where there is none. */
  ports: z.array(networkPorts).max(32),
})
export type NetworkRule = z.infer<typeof NetworkRule>

/** Null says nothing about that way. Without a rule in it, nothing comes through that no other policy lets. */
export const networkRules = z.array(NetworkRule).max(32).nullable()

export interface NetworkPolicy {
  readonly namespace: string
  readonly name: string
  /** What it is for, in words of whoever made it. */
  readonly about: string
  readonly selects: WorkSelector
  /** Connections that others open to the work. */
  readonly ingress: readonly NetworkRule[] | null
  /** Connections that the work opens. */
  readonly egress: readonly NetworkRule[] | null
  readonly createdAt: Instant
  readonly createdBy: string
  readonly updatedAt: Instant
}

export const networkPolicyKey = (namespace: string, name: string): string => `${namespace}/${name}`
