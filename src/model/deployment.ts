/** What users ask to have running all the time, in so many replicas, and how one version of it takes the place of another. */
import { z } from 'zod'
import type { DeploymentId } from './ids.ts'
import type { Instant, Millis } from './time.ts'
import { second } from './time.ts'
import type { WorkloadSpec } from './workload.ts'

/** Its replicas are called `<name>-r<revision>-<letters>`, which has to be the name of a workload still. */
export const deploymentName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,47}$/, 'must be 1 to 48 of A-Z a-z 0-9 _ . -')

export const mostReplicas = 1_000
export const replicaCount = z.int().min(0).max(mostReplicas)

/** How the replicas of a new revision take the place of those before. */
export const Strategy = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('immediate') }),
  z.strictObject({ type: z.literal('rolling'), batch: z.int().min(1).max(mostReplicas) }),
  z.strictObject({ type: z.literal('canary'), percent: z.int().min(1).max(99) }),
  z.strictObject({ type: z.literal('blue-green') }),
])
export type Strategy = z.infer<typeof Strategy>

/** As people write it: `rolling:2`. */
export function strategyText(strategy: Strategy): string {
  switch (strategy.type) {
    case 'rolling':
      return `rolling:${strategy.batch}`
    case 'canary':
      return `canary:${strategy.percent}`
    case 'immediate':
    case 'blue-green':
      return strategy.type
  }
}

/** What a new revision must keep to while it serves; what is left out is not looked at. */
const Gates = z.strictObject({
  errorRate: z.number().min(0).max(1).exactOptional(),
  p99Ms: z.int().positive().max(3_600_000).exactOptional(),
  /** Over the last so long, and for so long before what was there goes. */
  forMs: z.int().min(1_000).max(3_600_000),
})
export type Gates = z.infer<typeof Gates>

const span = z
  .int()
  .min(0)
  .max(7 * 86_400_000)
const port = z.int().min(1).max(65_535)

/** What of a deployment can be changed without a new revision. */
export const DeploymentSettings = z.strictObject({
  strategy: Strategy,
  /** Where every peer takes requests for it, and the port of a replica that they go to. */
  service: z.strictObject({ port, targetPort: port }).nullable(),
  gates: Gates.nullable(),
  /** How many may run beyond `replicas`, and how many may be missing, while one revision follows another; null for what suits the strategy. */
  maxSurge: replicaCount.nullable(),
  maxUnavailable: replicaCount.nullable(),
  /** A canary, or the new set of blue-green, takes over by itself after so long; null when somebody has to say so. */
  autoPromoteMs: span.nullable(),
  autoRollback: z.boolean(),
  /** A rollout that got no further for so long has failed. */
  progressDeadlineMs: span.min(1_000),
  /** A replica of a new revision is relied upon once it has been ready for so long; null for what suits its probes. */
  minReadyMs: span.nullable(),
})
export type DeploymentSettings = z.infer<typeof DeploymentSettings>

/** Who is asked nothing says by running on that it has started well. */
const unasked: Millis = 3 * second

/** How long a replica with this spec has to be ready before it is relied upon. */
export const minReadyOf = (
  { minReadyMs }: Pick<DeploymentSettings, 'minReadyMs'>,
  { health }: Pick<WorkloadSpec, 'health'>,
): Millis => minReadyMs ?? (health?.readiness === undefined ? unasked : 0)

export const revisionStates = ['waiting', 'rolling-out', 'active', 'superseded', 'failed', 'rolled-back'] as const

/** One version of what runs. Its number is never used again. */
export interface Revision {
  readonly number: number
  readonly spec: WorkloadSpec
  readonly at: Instant
  readonly by: string
  readonly state: (typeof revisionStates)[number]
  /** Why it is in that state; null when there is nothing to say. */
  readonly reason: string | null
}

export const deploymentStates = [
  'deploying',
  'canary',
  'switched',
  'promoting',
  'rolling-back',
  'active',
  'degraded',
  'failed',
  'deleting',
] as const
export type DeploymentState = (typeof deploymentStates)[number]

/** `starting`: replicas of the target come up. `canary` and `switched`: it waits to be promoted. `promoted`: it takes over the rest. */
export const rolloutStages = ['starting', 'canary', 'switched', 'promoted'] as const

/** The way from one revision to another, as far as it has come. */
export interface Rollout {
  readonly kind: 'update' | 'rollback'
  /** Why it is gone back; null for an update. */
  readonly reason: string | null
  readonly startedAt: Instant
  readonly stage: (typeof rolloutStages)[number]
  readonly stageAt: Instant
  /** Most replicas of the target that were ready at a time, and when there was one more last. */
  readonly ready: number
  readonly progressAt: Instant
  /** What it goes away from must get no more requests, even before all of the target is there. */
  readonly isUrgent: boolean
  /** Why it has failed without going back; null while it goes on. */
  readonly failure: string | null
}

/** Requests are given to the ready replicas of each revision by these weights, which need not add up to 100. */
export interface TrafficShare {
  readonly revision: number
  readonly weight: number
}

/** Something that happened to a deployment. */
export interface DeploymentNote {
  readonly at: Instant
  /** `deployment.updated`, `deployment.promoted` and so on. */
  readonly type: string
  readonly message: string
}

export interface Deployment extends DeploymentSettings {
  readonly id: DeploymentId
  readonly name: string
  readonly namespace: string
  readonly replicas: number
  /** The last 20, oldest first; those that are in use are always among them. */
  readonly revisions: readonly Revision[]
  /** The revision that was fully there last, and that is gone back to; null before the first was. */
  readonly stable: number | null
  /** The revision that is wanted. */
  readonly target: number
  readonly state: DeploymentState
  /** Why, in words; null when there is nothing to say. */
  readonly reason: string | null
  readonly traffic: readonly TrafficShare[]
  readonly paused: boolean
  /** Null when the target is the stable one and nothing is under way. */
  readonly rollout: Rollout | null
  /** No replica is started before then, because the last ones could not be. Null when nothing stands in the way. */
  readonly startsAfter: Instant | null
  /** Rises with every change of the deployment itself: what was decided on an earlier step counts for nothing. */
  readonly step: number
  readonly createdAt: Instant
  readonly createdBy: string
  readonly updatedAt: Instant
  /** The last few notes, oldest first. */
  readonly events: readonly DeploymentNote[]
}

/** The revision of that number; undefined when it is not kept any more. */
export const revisionOf = ({ revisions }: Pick<Deployment, 'revisions'>, number: number): Revision | undefined =>
  revisions.find((revision) => revision.number === number)
