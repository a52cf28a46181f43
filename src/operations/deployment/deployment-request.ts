/** How people write a deployment, in all its accepted spellings, and what the mesh makes of it. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { DeploymentSettings, Strategy } from '../../model/deployment.ts'
import { deploymentName, replicaCount } from '../../model/deployment.ts'
import { minute, second } from '../../model/time.ts'
import type { WorkloadSpec as Spec } from '../../model/workload.ts'
import { WorkloadSpec } from '../../model/workload.ts'
import { span, spanOf } from '../fields.ts'
import { parseInput } from '../input.ts'
import { replicaFields, replicaPart, specOver } from '../workload/replica-request.ts'
import { specOf } from '../workload/workload-request.ts'

const port = z.int().min(1).max(65_535)
const looksLikeId = /^dep-[a-z0-9]{10}$/i

const settingsFields = {
  strategy: z
    .string()
    .max(32)
    .optional()
    .describe('`immediate` (as when left out), `rolling:N` (batches of N), `canary:N` (N %), or `blue-green`'),
  placement: z
    .enum(['pack', 'spread'], { error: 'must be pack or spread' })
    .optional()
    .describe('Share the replicas out over the nodes, as when left out, or fill nodes one after the other'),
  service: z
    .union([port, z.string().max(16), z.strictObject({ port, targetPort: port.optional() }), z.null()], {
      error: 'must be a port, "80:8080", or {"port", "targetPort"}',
    })
    .optional()
    .describe('Port on every peer at which requests are taken, and the port of a replica that they go to: `80:8080`'),
  gates: z
    .strictObject({
      errorRate: z
        .union([z.number().min(0).max(1), z.string().max(16)])
        .optional()
        .describe('Most errors: 0.05 or 5%'),
      p99: span.optional().describe('Longest time of 99 of 100 requests: 500ms, or seconds as a number'),
      for: span.optional().describe('Measured over so long, and for so long before the old goes; 30s when left out'),
    })
    .nullable()
    .optional()
    .describe('What a new revision has to keep to; it is rolled back when it does not'),
  autoPromote: z
    .union([z.boolean(), span])
    .optional()
    .describe(
      'A canary or second set takes over by itself after so long; blue-green after 5m, a canary never, when left out',
    ),
  autoRollback: z.boolean().optional().describe('Go back when the new revision fails; true when left out'),
  progressDeadline: span
    .optional()
    .describe('A rollout that gets no further for so long has failed; 10m when left out'),
  minReady: span
    .optional()
    .describe(
      'A new replica is relied upon once it has been ready so long; 3s, or 0 with a readiness probe, when left out',
    ),
  maxSurge: replicaCount.optional().describe('Most replicas beyond what is wanted while one revision follows another'),
  maxUnavailable: replicaCount.optional().describe('Most replicas that may be missing meanwhile; 0 when left out'),
}

const looks = { ...replicaFields, ...settingsFields }

/** A deployment as it is asked for. */
export const DeploymentRequest = z.strictObject({
  ...looks,
  name: deploymentName
    .refine((name) => !looksLikeId.test(name), 'must not look like the id of a deployment')
    .describe('Name, at most 48 characters'),
  replicas: replicaCount.optional().describe('So many of the same, all the time; 1 when left out'),
})
export type DeploymentRequest = z.output<typeof DeploymentRequest>

/** What can be changed of one. */
export const deploymentChanges = {
  ...looks,
  image: looks.image.optional(),
  replicas: replicaCount.optional(),
}
type Changes = z.output<z.ZodObject<typeof deploymentChanges>>

/** What of an input says how a deployment is to change. */
export const changesIn = (input: Readonly<Record<string, unknown>>): Changes =>
  Object.fromEntries(Object.entries(input).filter(([key]) => key in deploymentChanges))

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** What every replica is. Throws INVALID_REQUEST with the first thing that is wrong. */
export function replicaSpecOf(request: DeploymentRequest): Spec {
  const spec = specOf({ ...replicaPart(request), image: request.image, strategy: request.placement ?? 'spread' })
  return withServicePort(spec, serviceOf(request.service, spec))
}

/** With what is said over what was there; what is not said stays. */
export function changedSpec(changes: Changes, before: Spec): Spec {
  const merged = specOver(changes, before)
  return withServicePort(merged, serviceOf(changes.service, merged))
}

/** A replica has to listen at the port that requests go to. */
const withServicePort = (spec: Spec, service: DeploymentSettings['service'] | undefined): Spec =>
  service === null || service === undefined || (spec.ports ?? []).length > 0
    ? spec
    : parseInput(WorkloadSpec, { ...spec, ports: [{ port: service.targetPort, protocol: 'http' }] })

/** Undefined where nothing is said. Without a target it is the first port of a replica, or else the same. */
function serviceOf(service: Changes['service'], spec: Spec): DeploymentSettings['service'] | undefined {
  if (service === undefined || service === null) return service
  const first = spec.ports?.[0]?.port
  if (typeof service === 'number') return { port: service, targetPort: first ?? service }
  if (typeof service === 'object')
    return { port: service.port, targetPort: service.targetPort ?? first ?? service.port }
  const [, listen, target] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(service) ?? []
  const [own, other] = [Number(listen), Number(target ?? first ?? listen)]
  if (listen === undefined || !port.safeParse(own).success || !port.safeParse(other).success)
    throw invalid(`service “${service}” is neither a port nor such as 80:8080`)
  return { port: own, targetPort: other }
}

/** Throws INVALID_REQUEST. */
export function settingsOf(request: DeploymentRequest, spec: Spec): DeploymentSettings {
  const strategy = strategyOf(request.strategy ?? 'immediate')
  return {
    strategy,
    service: serviceOf(request.service, spec) ?? null,
    gates: gatesOf(request.gates) ?? null,
    maxSurge: request.maxSurge ?? null,
    maxUnavailable: request.maxUnavailable ?? null,
    autoPromoteMs: promotionOf(request.autoPromote) ?? (strategy.type === 'blue-green' ? 5 * minute : null),
    autoRollback: request.autoRollback ?? true,
    progressDeadlineMs: deadlineOf(request.progressDeadline) ?? 10 * minute,
    minReadyMs: minReadyOf(request.minReady) ?? null,
  }
}

/** Only what is said. */
export function changedSettings(changes: Changes, spec: Spec): Partial<DeploymentSettings> {
  const { strategy, maxSurge, maxUnavailable, autoRollback } = changes
  const changed: { [Key in keyof DeploymentSettings]: DeploymentSettings[Key] | undefined } = {
    strategy: strategy === undefined ? undefined : strategyOf(strategy),
    service: serviceOf(changes.service, spec),
    gates: gatesOf(changes.gates),
    ...{ maxSurge, maxUnavailable, autoRollback },
    autoPromoteMs: promotionOf(changes.autoPromote),
    progressDeadlineMs: deadlineOf(changes.progressDeadline),
    minReadyMs: minReadyOf(changes.minReady),
  }
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined))
}

function strategyOf(text: string): Strategy {
  const [, type, number] = /^(immediate|rolling|canary|blue-green)(?::(\d{1,4})%?)?$/.exec(text.trim()) ?? []
  const count = number === undefined ? null : Number(number)
  if ((type === 'immediate' || type === 'blue-green') && count === null) return { type }
  if (type === 'rolling' && count !== 0) return { type, batch: count ?? 1 }
  if (type === 'canary' && count !== null && count >= 1 && count <= 99) return { type, percent: count }
  throw invalid(`strategy “${text}” is none of immediate, rolling:N, canary:N (1 to 99 %), blue-green`)
}

function gatesOf(gates: Changes['gates']): DeploymentSettings['gates'] | undefined {
  if (gates === undefined || gates === null) return gates
  const { errorRate, p99 } = gates
  return {
    ...(errorRate !== undefined && { errorRate: rateOf(errorRate) }),
    ...(p99 !== undefined && { p99Ms: Math.round(spanOf(p99, 'p99')) }),
    forMs: Math.round(spanOf(gates.for ?? '30s', 'for', second)),
  }
}

function rateOf(rate: number | string): number {
  const [, number, sign] = /^(\d+(?:\.\d+)?)(%?)$/.exec(String(rate).trim()) ?? []
  const share = Number(number) / (sign === '%' ? 100 : 1)
  if (number === undefined || share > 1) throw invalid(`errorRate “${rate}” is no share: write 0.05 or 5%`)
  return share
}

/** Null for never; undefined where nothing is said. */
function promotionOf(promote: Changes['autoPromote']): number | null | undefined {
  if (promote === undefined) return undefined
  if (typeof promote === 'boolean') return promote ? 5 * minute : null
  return Math.round(spanOf(promote, 'autoPromote', 0))
}

const minReadyOf = (minReady: Changes['minReady']): number | undefined =>
  minReady === undefined ? undefined : Math.round(spanOf(minReady, 'minReady', 0))

const deadlineOf = (deadline: Changes['progressDeadline']): number | undefined =>
  deadline === undefined ? undefined : Math.round(spanOf(deadline, 'progressDeadline', second))
