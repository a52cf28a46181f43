/** Network policies as users ask for them and see them. */
import { z } from 'zod'
import { endpointOf, marksOf, selects } from '../../core/network-policy/work.ts'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { NetworkPolicy, NetworkRule } from '../../model/network-policy.ts'
import { NetworkPeer, networkPolicyName, parsePorts, portsText, WorkSelector } from '../../model/network-policy.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal, networkOf } from '../../model/workload.ts'
import type { NodeReport } from '../../model/report.ts'
import { networkPolicyProblem } from '../../services/network-policies/service.ts'
import { iso, time } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'

/** All work of the policy’s own namespace, in one word. */
export const sameNamespace = 'same-namespace'

const peer = z.union([z.literal(sameNamespace), NetworkPeer])
const peers = z.array(peer).max(32)
const port = z.union([z.int().min(1).max(65_535), z.string().max(16)])
const ports = z
  .array(port)
  .max(32)
  .describe('Such as 443, 53/udp and 8000-8100/tcp; TCP where nothing is said, and every port if left out')

const fromRule = z.strictObject({
  from: peers.exactOptional().describe('Everybody if left out'),
  ports: ports.exactOptional(),
})
const toRule = z.strictObject({
  to: peers.exactOptional().describe('Everywhere if left out'),
  ports: ports.exactOptional(),
})

export const policyNamespace = namespaceName.default(defaultNamespace).describe('Namespace whose work it is for')

export const policyContent = {
  about: z.string().max(1_024).describe('What it is for'),
  select: WorkSelector.describe('Which work of the namespace it is for; all of it if left out'),
  ingress: z
    .array(fromRule)
    .max(32)
    .describe('Which connections to the work are let through; none of them with an empty list'),
  egress: z
    .array(toRule)
    .max(32)
    .describe('Which connections from the work are let through; none of them with an empty list'),
}

/** A network policy as it is asked for. */
export const NetworkPolicyRequest = z.strictObject({
  name: networkPolicyName.describe('Name of the network policy'),
  namespace: policyNamespace,
  about: policyContent.about.optional(),
  select: policyContent.select.optional(),
  ingress: policyContent.ingress.optional(),
  egress: policyContent.egress.optional(),
})

type FromRule = z.output<typeof fromRule>
type ToRule = z.output<typeof toRule>

/** Throws INVALID_REQUEST. */
export const ingressOf = (rules: readonly FromRule[]): NetworkRule[] =>
  rules.map((rule) => ({ peers: peersOf(rule.from), ports: portsOf(rule.ports) }))

/** Throws INVALID_REQUEST. */
export const egressOf = (rules: readonly ToRule[]): NetworkRule[] =>
  rules.map((rule) => ({ peers: peersOf(rule.to), ports: portsOf(rule.ports) }))

/** Nobody writes an empty list for everybody: what they mean by it is nobody. */
function peersOf(said: readonly z.output<typeof peer>[] | undefined): NetworkPeer[] {
  if (said?.length === 0)
    throw new ClawError('INVALID_REQUEST', {
      problem: 'a rule names nobody: leave its from or to out for everybody, or leave the rule out for nobody',
    })
  return (said ?? []).map((one) => (one === sameNamespace ? {} : one))
}

function portsOf(said: readonly z.output<typeof port>[] | undefined): string[] {
  if (said?.length === 0)
    throw new ClawError('INVALID_REQUEST', { problem: 'a rule names no port: leave its ports out for every port' })
  return (said ?? []).map((one) => {
    const range = parsePorts(String(one))
    if (range === null)
      throw new ClawError('INVALID_REQUEST', { problem: `${one} is no port such as 443, 53/udp or 8000-8100/tcp` })
    return portsText(range)
  })
}

/** Nobody reads more. */
const mostNamed = 100

export const unenforced = z
  .array(z.object({ node: z.string().nullable(), workload: z.string().nullable(), reason: z.string() }))
  .describe(`Where it is not kept, and why; ${mostNamed} at most`)

export const NetworkPolicyView = z.object({
  name: z.string(),
  namespace: z.string(),
  about: z.string(),
  select: WorkSelector,
  ingress: z
    .array(z.object({ from: z.array(peer).optional(), ports: z.array(z.string()).optional() }))
    .nullable()
    .describe('Null where it says nothing about connections to the work'),
  egress: z
    .array(z.object({ to: z.array(peer).optional(), ports: z.array(z.string()).optional() }))
    .nullable()
    .describe('Null where it says nothing about connections from the work'),
  createdAt: time,
  createdBy: z.string(),
  updatedAt: time,
  selected: z.int().describe('Workloads that it is for now'),
  unenforced,
})

export interface Seen {
  readonly state: MeshState
  readonly reports: readonly NodeReport[]
}

export function networkPolicyView(policy: NetworkPolicy, seen: Seen): z.infer<typeof NetworkPolicyView> {
  const { name, namespace, about, selects: select, ingress, egress, createdBy } = policy
  const work = workOf(policy, seen.state)
  return {
    ...{ name, namespace, about, select, createdBy },
    ingress: ingress?.map(({ peers: from, ports: at }) => ({ ...named('from', from), ...portsIn(at) })) ?? null,
    egress: egress?.map(({ peers: to, ports: at }) => ({ ...named('to', to), ...portsIn(at) })) ?? null,
    createdAt: iso(policy.createdAt),
    updatedAt: iso(policy.updatedAt),
    selected: work.length,
    unenforced: unenforcedOf(work, seen),
  }
}

type Shown = z.infer<typeof peer>[]

const named = <K extends 'from' | 'to'>(key: K, all: readonly NetworkPeer[]): { readonly [P in K]?: Shown } =>
  all.length === 0
    ? {}
    : ({ [key]: all.map((one) => (Object.keys(one).length === 0 ? sameNamespace : one)) } as {
        readonly [P in K]?: Shown
      })

const portsIn = (all: readonly string[]) => (all.length === 0 ? {} : { ports: [...all] })

const workOf = (policy: NetworkPolicy, state: MeshState): readonly Workload[] =>
  [...state.workloads.values()].filter(
    (workload) =>
      workload.spec.namespace === policy.namespace &&
      !isTerminal(workload.state) &&
      selects(policy, marksOf(state, workload)),
  )

/** Of this work, what nothing is kept from, and the nodes of it that keep nothing apart. */
export function unenforcedOf(work: readonly Workload[], { state, reports }: Seen): z.infer<typeof unenforced> {
  const nodes = new Set(work.flatMap(({ placement }) => placement?.node ?? []))
  const troubled = reports
    .filter(({ node }) => nodes.has(node))
    .flatMap(({ node, problems }) =>
      problems
        .filter((problem) => problem.startsWith(networkPolicyProblem))
        .map((problem) => ({
          node: nameOf(state, node),
          workload: null,
          reason: problem.slice(networkPolicyProblem.length),
        })),
    )
  const bare = work.flatMap((workload) => {
    const reason = whyBare(workload, state)
    const { placement } = workload
    return reason === null
      ? []
      : [{ node: placement === null ? null : nameOf(state, placement.node), workload: workload.name, reason }]
  })
  return [...troubled, ...bare].slice(0, mostNamed)
}

/** Why nothing can be kept from it, or it from anybody; null where that can be, or it does not run. */
function whyBare(workload: Workload, state: MeshState): string | null {
  const { placement, spec, overlayAddress } = workload
  if (placement === null || workload.state !== 'running' || networkOf(spec) === 'none') return null
  if (placement.executor !== 'docker') return 'it runs in no container, so it has no address of its own'
  if (networkOf(spec) === 'host') return 'it has the network of its node, so it has no address of its own'
  if (endpointOf(state, workload, overlayAddress) !== null) return null
  if (state.overlay === null) return 'the overlay is off, so it has no address there: clawbernetes network wg enable'
  return 'it has no address in the overlay'
}
