/** The commands on deployments: what users ask for, and what the leader makes of it. */
import type { Deployment, DeploymentSettings } from '../../model/deployment.ts'
import type { DeploymentId, WorkloadId } from '../../model/ids.ts'
import type { WorkloadSpec } from '../../model/workload.ts'

interface Told {
  readonly deployment: DeploymentId
  /** In the words of whoever asks. */
  readonly reason?: string
}

/** What the leader found the next step of a deployment to be. All of it is done, or, if the deployment has changed since, nothing. */
export interface SetRollout {
  readonly type: 'set-rollout'
  readonly deployment: DeploymentId
  /** The step of the deployment that this was decided on. */
  readonly step: number
  readonly state?: Deployment['state']
  readonly reason?: string | null
  readonly stable?: number
  readonly target?: number
  readonly traffic?: Deployment['traffic']
  readonly rollout?: Deployment['rollout']
  /** What became of revisions. */
  readonly revisions?: readonly {
    readonly number: number
    readonly state: Deployment['revisions'][number]['state']
    readonly reason: string | null
  }[]
  readonly start?: readonly { readonly workload: WorkloadId; readonly name: string; readonly revision: number }[]
  /** These get no more requests, because they are to go. */
  readonly drain?: readonly WorkloadId[]
  /** These stay after all. */
  readonly keep?: readonly WorkloadId[]
  readonly stop?: readonly { readonly workload: WorkloadId; readonly reason: string }[]
  readonly notes?: readonly { readonly type: string; readonly message: string }[]
  /** Nothing of it is left: it is forgotten. */
  readonly gone?: true
}

export type DeploymentCommand =
  | {
      readonly type: 'create-deployment'
      readonly deployment: DeploymentId
      readonly name: string
      readonly replicas: number
      readonly spec: WorkloadSpec
      readonly settings: DeploymentSettings
    }
  /** What is left out stays as it is. Another spec makes another revision. */
  | (Told & {
      readonly type: 'update-deployment'
      /** The revision that is to be changed; another one in its place is refused. */
      readonly expected?: number
      readonly replicas?: number
      readonly spec?: WorkloadSpec
      readonly settings?: Partial<DeploymentSettings>
    })
  | (Told & { readonly type: 'pause-deployment' })
  | (Told & { readonly type: 'resume-deployment' })
  | (Told & {
      readonly type: 'promote-deployment'
      readonly force: boolean
      /** The revision that whoever asks has seen; another one is not promoted. */
      readonly expected?: number
    })
  /** Without a revision, to the stable one, or from there to the one that was so before. */
  | (Told & { readonly type: 'rollback-deployment'; readonly revision?: number })
  | (Told & { readonly type: 'delete-deployment' })
  | SetRollout
