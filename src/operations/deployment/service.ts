/** Deployments that take requests: where, who answers, and how that goes. */
import { z } from 'zod'
import type { Tally } from '../../core/proxy/window.ts'
import { quantile } from '../../core/proxy/window.ts'
import { serviceView } from '../../core/proxy/service-view.ts'
import { replicasOf } from '../../core/state/replicas.ts'
import type { Deployment } from '../../model/deployment.ts'
import { ClawError } from '../../model/failure.ts'
import { isTerminal } from '../../model/workload.ts'
import { hour, minute } from '../../model/time.ts'
import type { OperationContext } from '../context.ts'
import { span, spanOf } from '../fields.ts'
import { refresh } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'

const serviceRef = z.string().min(1).max(128).describe('Name or id of a deployment that has a port')

const ServiceView = z.object({
  name: z.string(),
  deployment: z.string().describe('Id of the deployment'),
  namespace: z.string(),
  port: z.int().describe('Where every peer takes requests'),
  targetPort: z.int().describe('The port of a replica that they go to'),
  protocol: z.enum(['http', 'tcp']),
  ready: z.int().describe('Replicas that take requests'),
  total: z.int().describe('Replicas that have not ended'),
  revisions: z
    .array(z.object({ revision: z.int(), weight: z.int(), ready: z.int(), total: z.int() }))
    .describe('Requests are shared out among the ready ones by these weights'),
})
type ServiceView = z.infer<typeof ServiceView>

const Endpoint = z.object({
  workload: z.string(),
  id: z.string(),
  revision: z.int(),
  node: z.string().nullable(),
  ready: z.boolean(),
  reason: z.string().nullable().describe('Why it takes no requests'),
})

const Stats = z.object({
  requests: z.int(),
  failed: z.int().describe('No answer, or one of 500 and above'),
  errorRate: z.number().describe('From 0 to 1'),
  p50Ms: z.number().nullable().describe('Null when nothing was answered'),
  p99Ms: z.number().nullable(),
})

export const serviceList = unary({
  name: 'service.list',
  about: 'List the deployments that take requests.',
  input: z.strictObject({}),
  output: z.array(ServiceView),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/services' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.deployments.values()]
      .flatMap((deployment) => viewOf(deployment, context) ?? [])
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  },
})

export const serviceInfo = unary({
  name: 'service.info',
  about: 'Show one deployment that takes requests: its port, and each replica behind it.',
  input: z.strictObject({ service: serviceRef }),
  output: ServiceView.extend({ endpoints: z.array(Endpoint) }),
  permission: { verb: 'read', resource: 'workload' },
  namespace: ({ service }, context) => findService(context, service).namespace,
  rest: { method: 'GET', path: '/api/services/:service' },
  async handler({ service }, context, { signal }) {
    await refresh(context, signal)
    const deployment = findService(context, service)
    const view = viewOf(deployment, context)
    if (view === null) throw notFound(service)
    return { ...view, endpoints: endpointsOf(deployment, context) }
  },
})

export const serviceStats = unary({
  name: 'service.stats',
  about: 'Say how the requests to a deployment went of late, by revision, at all peers together.',
  input: z.strictObject({
    service: serviceRef,
    span: span.optional().describe('Over the last so long, at most an hour; 5m when left out'),
  }),
  output: z.object({
    service: z.string(),
    spanSeconds: z.number(),
    unserved: z.int().describe('Requests for which no replica was ready'),
    revisions: z.array(Stats.extend({ revision: z.int() })),
  }),
  permission: { verb: 'read', resource: 'workload' },
  namespace: ({ service }, context) => findService(context, service).namespace,
  rest: { method: 'GET', path: '/api/services/:service/stats' },
  async handler({ service, span: asked }, context, { signal }) {
    const { id, name } = findService(context, service)
    const spanMs = Math.min(hour, asked === undefined ? 5 * minute : spanOf(asked, 'span'))
    const { unserved, revisions } = await context.services.stats(id, spanMs, signal)
    return { service: name, spanSeconds: spanMs / 1_000, unserved, revisions: revisions.map(statsOf) }
  },
})

const statsOf = (tally: Tally) => ({
  ...{ revision: tally.revision, requests: tally.requests, failed: tally.failed },
  errorRate: tally.requests === 0 ? 0 : tally.failed / tally.requests,
  p50Ms: quantile(tally, 0.5),
  p99Ms: quantile(tally, 0.99),
})

const notFound = (service: string): ClawError => new ClawError('SERVICE_NOT_FOUND', { service })

/** Throws SERVICE_NOT_FOUND. */
function findService({ control }: Pick<OperationContext, 'control'>, wanted: string): Deployment {
  const all = [...control.state.deployments.values()].filter(({ service }) => service !== null)
  const found = all.find(({ id }) => id === wanted) ?? all.find(({ name }) => name === wanted)
  if (found === undefined) throw notFound(wanted)
  return found
}

function viewOf(deployment: Deployment, { control, self }: OperationContext): ServiceView | null {
  const { state } = control
  const { id, name, namespace, service } = deployment
  const view = serviceView(state, id, self)
  if (view === null || service === null) return null
  const live = replicasOf(state, id).filter((replica) => !isTerminal(replica.state))
  const weights = new Map(view.shares.map(({ revision, weight }) => [revision, weight]))
  const revisions = [...new Set([...weights.keys(), ...live.flatMap(({ owner }) => owner?.revision ?? [])])]
  return {
    ...{ name, deployment: id, namespace, port: service.port, targetPort: service.targetPort },
    protocol: view.protocol,
    ready: view.endpoints.length,
    total: live.length,
    revisions: revisions
      .toSorted((a, b) => a - b)
      .map((revision) => ({
        revision,
        weight: weights.get(revision) ?? 0,
        ready: view.endpoints.filter((endpoint) => endpoint.revision === revision).length,
        total: live.filter(({ owner }) => owner?.revision === revision).length,
      })),
  }
}

function endpointsOf({ id }: Deployment, { control, self }: OperationContext): z.infer<typeof Endpoint>[] {
  const { state } = control
  const ready = new Set(serviceView(state, id, self)?.endpoints.map(({ placement }) => placement))
  return replicasOf(state, id)
    .filter((replica) => !isTerminal(replica.state))
    .map((replica) => {
      const { placement, owner, unreadyReason } = replica
      const isReady = placement !== null && ready.has(placement.id)
      const isDraining = owner?.drainingSince !== undefined
      const why = replica.state === 'running' ? (unreadyReason ?? 'its probes have not succeeded yet') : replica.state
      return {
        ...{ workload: replica.name, id: replica.id, revision: owner?.revision ?? 0, ready: isReady },
        node: placement === null ? null : nameOf(state, placement.node),
        reason: isReady ? null : isDraining ? 'it is about to go' : why,
      }
    })
}
