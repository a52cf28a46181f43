/** Ingresses: which requests from outside go to which deployment. */
import { z } from 'zod'
import { dueAt } from '../../core/ingress/certificates.ts'
import { ClawError } from '../../model/failure.ts'
import type { Ingress } from '../../model/ingress.ts'
import { ingressKey, ingressName } from '../../model/ingress.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { iso, time } from '../fields.ts'
import { beforeDenial, refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { deploymentOfIngress as deployment, expected, expecting, newRoute, routeFields } from './ingress-request.ts'

const namespace = namespaceName.default(defaultNamespace).describe('Namespace that it is in')
const named = { name: ingressName.describe('Name of the ingress'), namespace }
const namespaceIn = ({ namespace: where }: { readonly namespace: string }): string => where

const CertificateView = z.object({
  state: z
    .enum(['waiting', 'ordering', 'shown', 'failing'])
    .describe('failing: the last order came to nothing; what there was is shown until it ends'),
  notAfter: time.nullable().describe('Until when what is shown is good'),
  renewAt: time.nullable().describe('When the next is ordered'),
  nodes: z.array(z.string()).describe('Nodes that show it'),
  problem: z.string().nullable(),
})

const IngressView = z.object({
  name: z.string(),
  namespace: z.string(),
  host: z.string(),
  path: z.string(),
  deployment: z.string(),
  strip: z.boolean(),
  nodes: z.record(z.string(), z.string()),
  isServed: z.boolean().describe('There is such a deployment, and it takes requests'),
  keptBy: z.string().nullable().describe('Deployment whose file has made it, and takes it away; null for nobody’s'),
  certificate: CertificateView.nullable().describe('Of the host, where the mesh orders it'),
  createdAt: time,
  createdBy: z.string(),
  updatedAt: time,
})

type Source = Pick<OperationContext, 'control' | 'clock'>

function ingressView(ingress: Ingress, { control, clock }: Source): z.infer<typeof IngressView> {
  const { createdAt, updatedAt, nodes: labels, acme: isOrdered, keptBy = null, ...rest } = ingress
  const isServed = [...control.state.deployments.values()].some(
    (one) => one.namespace === ingress.namespace && one.name === ingress.deployment && one.service !== null,
  )
  const certificate = isOrdered === true ? certificateView(ingress.host, control.state, clock.now()) : null
  const times = { createdAt: iso(createdAt), updatedAt: iso(updatedAt) }
  return { ...rest, keptBy, nodes: { ...labels }, isServed, certificate, ...times }
}

function certificateView(
  host: string,
  state: Source['control']['state'],
  now: Instant,
): z.infer<typeof CertificateView> {
  const known = state.certificates.get(host)
  const shown = known?.shown ?? null
  const renewAt = dueAt(state, known, now)
  const nodes = Object.keys(shown?.keys ?? {}).map((node) => state.members.get(node as NodeId)?.name ?? node)
  const problem = known?.problem ?? null
  const isUnderWay = renewAt === null
  return {
    state: isUnderWay ? 'ordering' : problem !== null ? 'failing' : shown === null ? 'waiting' : 'shown',
    notAfter: shown === null ? null : iso(shown.notAfter),
    renewAt: renewAt === null ? null : iso(renewAt),
    nodes: nodes.toSorted(),
    problem,
  }
}

interface Reference {
  readonly name: string
  readonly namespace: string
}

/** Throws INGRESS_NOT_FOUND. */
function ingressIn({ control }: Source, { name, namespace: where }: Reference): Ingress {
  const { ingresses } = control.state
  const found = ingresses.get(ingressKey(where, name))
  if (found === undefined) throw new ClawError('INGRESS_NOT_FOUND', { ingress: ingressKey(where, name) })
  return found
}

export const ingressCreate = unary({
  name: 'ingress.create',
  about: 'Let requests from outside reach a deployment. The host belongs to the namespace that names it first.',
  input: z.strictObject({
    ...named,
    ...newRoute,
    deployment,
    ofFile: z
      .boolean()
      .default(false)
      .describe('The file of the deployment says so, and takes it away when it names it no more'),
  }),
  output: IngressView,
  permission: { verb: 'create', resource: 'ingress' },
  namespace: namespaceIn,
  rest: { method: 'POST', path: '/api/ingresses' },
  async handler(input, context, { caller, signal }) {
    const { acme: isOrdered, ofFile, ...route } = input
    const command = {
      ...{ type: 'create-ingress' as const, ...route },
      ...(isOrdered && { acme: true as const }),
      ...(ofFile && { keptBy: route.deployment }),
    }
    await carryOut('ingress', command, { context, caller, signal })
    return ingressView(ingressIn(context, input), context)
  },
})

export const ingressUpdate = unary({
  name: 'ingress.update',
  about: 'Change an ingress. What is not named stays.',
  input: z.strictObject({
    ...named,
    host: routeFields.host.optional(),
    path: routeFields.path.optional(),
    deployment: deployment.optional(),
    strip: routeFields.strip.optional(),
    nodes: routeFields.nodes.optional(),
    acme: routeFields.acme.optional(),
    expected,
  }),
  output: IngressView,
  permission: { verb: 'change', resource: 'ingress' },
  namespace: namespaceIn,
  rest: { method: 'PATCH', path: '/api/ingresses/:name' },
  async handler({ name, namespace: where, expected: seen, ...changed }, context, { caller, signal }) {
    const said = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined))
    const command = { type: 'update-ingress' as const, namespace: where, name, ...said, ...expecting(seen) }
    await carryOut('ingress', command, { context, caller, signal })
    return ingressView(ingressIn(context, { name, namespace: where }), context)
  },
})

export const ingressDelete = unary({
  name: 'ingress.delete',
  about: 'Let those requests reach the deployment no more. Those that are under way are answered.',
  input: z.strictObject({ ...named, expected }),
  output: z.object({ name: z.string(), namespace: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'ingress' },
  namespace: namespaceIn,
  rest: { method: 'DELETE', path: '/api/ingresses/:name' },
  async handler({ name, namespace: where, expected: seen }, context, { caller, signal }) {
    const command = { type: 'delete-ingress' as const, namespace: where, name, ...expecting(seen) }
    await carryOut('ingress', command, { context, caller, signal })
    return { name, namespace: where, deleted: true }
  },
})

export const ingressList = unary({
  name: 'ingress.list',
  about: 'List the ingresses of a namespace, by name.',
  input: z.strictObject({ namespace }),
  output: z.array(IngressView),
  permission: { verb: 'read', resource: 'ingress' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/ingresses' },
  async handler({ namespace: where }, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.ingresses.values()]
      .filter((one) => one.namespace === where)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((one) => ingressView(one, context))
  },
})

export const ingressInfo = unary({
  name: 'ingress.info',
  about: 'Show one ingress.',
  input: z.strictObject(named),
  output: IngressView,
  permission: { verb: 'read', resource: 'ingress' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/ingresses/:name' },
  async handler(input, context, { signal }) {
    await refresh(context, signal)
    return ingressView(await beforeDenial(context, () => ingressIn(context, input), signal), context)
  },
})
