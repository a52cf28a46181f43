/** Ready-made deployments, and their replicas, for tests. */
import type { Command, CommandOf } from '../../src/core/state/types.ts'
import type { Deployment, DeploymentSettings } from '../../src/model/deployment.ts'
import { deploymentId, placementId } from '../../src/model/ids.ts'
import type { NodeId, WorkloadId } from '../../src/model/ids.ts'
import type { Book } from './control-samples.ts'
import { spec } from './control-samples.ts'

export const web = deploymentId('dep-web')

export const settings = (parts: Partial<DeploymentSettings> = {}): DeploymentSettings => ({
  strategy: { type: 'immediate' },
  service: null,
  gates: null,
  maxSurge: null,
  maxUnavailable: null,
  autoPromoteMs: null,
  autoRollback: true,
  progressDeadlineMs: 600_000,
  minReadyMs: 0,
  ...parts,
})

export interface Sample extends Partial<DeploymentSettings> {
  readonly replicas?: number
  readonly image?: string
}

export const create = ({ replicas = 3, image = 'app:1', ...parts }: Sample = {}): CommandOf<'create-deployment'> => ({
  ...{ type: 'create-deployment', deployment: web, name: 'web', replicas },
  spec: spec({ image }),
  settings: settings(parts),
})

export const update = (image: string, parts: Partial<CommandOf<'update-deployment'>> = {}): Command => ({
  type: 'update-deployment',
  deployment: web,
  spec: spec({ image }),
  ...parts,
})

/** The deployment as the state has it now. Throws when there is none. */
export function deploymentIn({ state }: Pick<Book, 'state'>): Deployment {
  const deployment = state.deployments.get(web)
  if (deployment === undefined) throw new Error('there is no deployment')
  return deployment
}

/** What the leader decides, on the deployment as it is now. */
export const decided = (book: Book, parts: Partial<CommandOf<'set-rollout'>>): Command => ({
  type: 'set-rollout',
  deployment: web,
  step: deploymentIn(book).step,
  ...parts,
})

/** Has the node place, claim and start it. */
export function startOn(book: Book, workload: WorkloadId, node: NodeId): void {
  const attempt = (book.state.workloads.get(workload)?.attempt ?? 0) + 1
  const placement = placementId(workload, attempt)
  book.run({ type: 'place', workload, attempt, node, devices: [], executor: 'docker' })
  book.run({ type: 'claim', placement, node })
  book.run({ type: 'report-running', placement, node, startedAt: book.state.at })
}
