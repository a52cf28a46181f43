/** What a file asks for, one by one: the requests that `workload.run` and `deploy.create` take. */
import type { z } from 'zod'
import type { DeploymentRequest } from '../operations/deployment/deployment-request.ts'
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
  | (Placed & { readonly kind: 'deployment'; readonly request: z.input<typeof DeploymentRequest> })

export interface Specs {
  readonly documents: readonly SpecDocument[]
  /** What is understood and has no effect, or not the one that it may have elsewhere. */
  readonly warnings: readonly Problem[]
}
