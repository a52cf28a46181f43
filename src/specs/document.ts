/** What a file asks for, one by one: the requests that `workload.run`, `deploy.create`, `job.create`, `cron.create` and `workflow.create` take. */
import type { z } from 'zod'
import type { DeploymentRequest } from '../operations/deployment/deployment-request.ts'
import type { CronRequest } from '../operations/cron/cron-request.ts'
import type { IngressSections } from '../operations/ingress/ingress-request.ts'
import type { JobRequest } from '../operations/job/job-request.ts'
import type { WorkflowRequest } from '../operations/workflow/workflow-request.ts'
import type { WorkloadRequest } from '../operations/workload/workload-request.ts'
import type { Problem } from './problem.ts'
import type { Place } from './tree.ts'

/** Another document of the same file that has to be so far before this one is submitted. */
export interface Need {
  readonly on: string
  readonly condition: 'started' | 'ready' | 'completed'
  readonly at: Place
}

interface Placed {
  /** Where it begins. */
  readonly at: Place
  readonly needs: readonly Need[]
}

export type SpecDocument =
  | (Placed & { readonly kind: 'workload'; readonly request: z.input<typeof WorkloadRequest> })
  | (Placed & {
      readonly kind: 'deployment'
      readonly request: z.input<typeof DeploymentRequest>
      /** How it is reached from outside: what `ingress.diff` takes. */
      readonly ingresses: z.input<typeof IngressSections>
    })
  | TimedDocument

/** What is over some time, or comes at some. */
export type TimedDocument =
  | (Placed & { readonly kind: 'job'; readonly request: z.input<typeof JobRequest> })
  | (Placed & { readonly kind: 'cron'; readonly request: z.input<typeof CronRequest> })
  | (Placed & { readonly kind: 'workflow'; readonly request: z.input<typeof WorkflowRequest> })

export const isTimed = (document: SpecDocument): document is TimedDocument =>
  document.kind !== 'workload' && document.kind !== 'deployment'

export interface Specs {
  readonly documents: readonly SpecDocument[]
  /** What is understood and has no effect, or not the one that it may have elsewhere. */
  readonly warnings: readonly Problem[]
}
