/** Whether one may reach another, by what the policies say, and which of them says so. */
import { z } from 'zod'
import type { End, Judgement, Side } from '../../core/network-policy/judge.ts'
import { judge } from '../../core/network-policy/judge.ts'
import { endpointOf, marksOf } from '../../core/network-policy/work.ts'
import { deploymentNamed } from '../../core/state/deployments.ts'
import { replicasOf } from '../../core/state/replicas.ts'
import { formatIpv4, parseIpv4 } from '../../lib/cidr.ts'
import { revisionOf } from '../../model/deployment.ts'
import { ClawError } from '../../model/failure.ts'
import { networkPolicyKey, parsePorts, portsText } from '../../model/network-policy.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { beforeDenial, findWorkload, refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { seenIn } from './network-policy.ts'
import { unenforced, unenforcedOf } from './network-policy-view.ts'

const end = z.string().min(1).max(128).describe('Name of a deployment, name or id of a workload, or an IPv4 address')

const EndView = z.object({
  name: z.string().nullable().describe('Null for an address that no work is known to have'),
  namespace: z.string().nullable(),
  address: z.string().nullable().describe('Null for what has none in the overlay now'),
})

const SideView = z.object({
  closed: z.boolean().describe('Whether any policy is for this end'),
  policies: z.array(z.string()).describe('Those that are'),
  by: z.string().nullable().describe('The one of them that lets it through'),
})

export const networkPolicyCheck = unary({
  name: 'networkpolicy.check',
  about:
    'Say whether one may open connections to another, by what the network policies say, and which of them says so.',
  input: z.strictObject({
    from: end,
    to: end,
    port: z.string().max(16).optional().describe('Such as 443 or 53/udp; whether every port is open if left out'),
  }),
  output: z.object({
    from: EndView,
    to: EndView,
    port: z.string().nullable(),
    allowed: z.boolean(),
    reason: z.string(),
    egress: SideView.describe('What the policies for the end that opens it say'),
    ingress: SideView.describe('What the policies for the end that it is opened to say'),
    unenforced,
  }),
  permission: { verb: 'read', resource: 'network-policy' },
  namespace: ({ from, to }, context) => foundEnd(to, context).namespace ?? foundEnd(from, context).namespace,
  rest: { method: 'GET', path: '/api/network-policy-check' },
  async handler({ from, to, port }, context, call) {
    await refresh(context, call.signal)
    const ends = await beforeDenial(
      context,
      () => [foundEnd(from, context), foundEnd(to, context)] as const,
      call.signal,
    )
    const [opener, other] = ends
    if (opener.namespace === null && other.namespace === null)
      throw new ClawError('INVALID_REQUEST', { problem: 'neither end is work of the mesh: no policy is for them' })
    for (const { namespace } of ends)
      if (namespace !== null) call.require({ verb: 'read', resource: 'network-policy' }, namespace)
    const asked = portAsked(port)
    const judgement = judge(context.control.state.networkPolicies.values(), opener.end, other.end, asked)
    const seen = seenIn(context)
    return {
      ...{
        from: viewOf(opener),
        to: viewOf(other),
        port: asked === null ? null : portsText({ ...asked, last: asked.first }),
      },
      ...{ allowed: judgement.isAllowed, reason: reasonOf(judgement, { opener, other, isAnyPort: asked === null }) },
      ...{ egress: sideView(judgement.egress), ingress: sideView(judgement.ingress) },
      unenforced: unenforcedOf(
        ends.flatMap(({ workloads }) => workloads),
        seen,
      ),
    }
  },
})

interface FoundEnd {
  readonly name: string | null
  readonly namespace: string | null
  readonly end: End
  readonly workloads: readonly Workload[]
}

type Context = Pick<OperationContext, 'control' | 'agent'>

/** Throws WORKLOAD_NOT_FOUND. */
function foundEnd(wanted: string, context: Context): FoundEnd {
  const { state } = context.control
  const address = parseIpv4(wanted)
  if (address !== null) {
    const workload = [...state.workloads.values()].find(
      (one) => endpointOf(state, one, one.overlayAddress)?.address === address,
    )
    return workload === undefined
      ? { name: null, namespace: null, end: { address, work: null }, workloads: [] }
      : endOf(workload, context)
  }
  const deployment = deploymentNamed(state, wanted)
  if (deployment === undefined) return endOf(findWorkload(context, wanted), context)
  const { name, namespace } = deployment
  const replicas = replicasOf(state, deployment.id).filter((one) => !isTerminal(one.state))
  const [first] = replicas.flatMap((one) => endpointOf(state, one, one.overlayAddress) ?? [])
  const labels = revisionOf(deployment, deployment.target)?.spec.labels ?? {}
  const work = first ?? { namespace, deployment: name, labels }
  return { name, namespace, end: { address: first?.address ?? null, work }, workloads: replicas }
}

function endOf(workload: Workload, { control: { state } }: Context): FoundEnd {
  const { name, spec, overlayAddress } = workload
  const address = endpointOf(state, workload, overlayAddress)?.address ?? null
  return { name, namespace: spec.namespace, end: { address, work: marksOf(state, workload) }, workloads: [workload] }
}

/** Throws INVALID_REQUEST. */
function portAsked(text: string | undefined) {
  if (text === undefined) return null
  const range = parsePorts(text)
  if (range === null || range.first !== range.last)
    throw new ClawError('INVALID_REQUEST', { problem: `${text} is no port such as 443 or 53/udp` })
  return { protocol: range.protocol, first: range.first }
}

const viewOf = ({ name, namespace, end: { address } }: FoundEnd): z.infer<typeof EndView> => ({
  ...{ name, namespace, address: address === null ? null : formatIpv4(address) },
})

const keyOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  networkPolicyKey(namespace, name)

const sideView = ({ isClosed, policies, by }: Side): z.infer<typeof SideView> => ({
  ...{ closed: isClosed, policies: policies.map(keyOf), by: by === null ? null : keyOf(by) },
})

interface Asked {
  readonly opener: FoundEnd
  readonly other: FoundEnd
  readonly isAnyPort: boolean
}

function reasonOf({ egress, ingress }: Judgement, { opener, other, isAnyPort }: Asked): string {
  const nameOf = ({ name, end: { address } }: FoundEnd): string =>
    name ?? (address === null ? 'it' : formatIpv4(address))
  const what = isAnyPort ? 'every port' : 'it'
  const closed = (side: Side, words: string): string =>
    `${side.policies.map(keyOf).join(', ')} ${side.policies.length === 1 ? 'is' : 'are'} for ${words}, and none lets ${what} through`
  if (egress.isClosed && egress.by === null) return closed(egress, `what ${nameOf(opener)} opens`)
  if (ingress.isClosed && ingress.by === null) return closed(ingress, `what is opened to ${nameOf(other)}`)
  const by = [...new Set([egress.by, ingress.by].flatMap((one) => (one === null ? [] : keyOf(one))))]
  return by.length === 0 ? 'no policy is for either of them' : `let through by ${by.join(' and ')}`
}
