/** Deployments in files: of kind Deployment, of Compose, and made of what else says how to run one. */
import { z } from 'zod'
import { DeploymentRequest, replicaSpecOf, settingsOf } from '../operations/deployment/deployment-request.ts'
import { checked } from './check.ts'
import type { SpecDocument } from './document.ts'
import { isTimed } from './document.ts'
import { fieldsOf } from './manifest.ts'
import { apiVersion, manifestMetadata, manifestRefusals, workloadSpecShape } from './manifest-schema.ts'
import { SpecProblem } from './problem.ts'
import type { Field } from './request.ts'
import { ownRequest, requestFrom } from './request.ts'
import type { Tree } from './tree.ts'

const { name: ownName, namespace, labels, annotations, ...requestShape } = DeploymentRequest.shape
const { gpus, resources, env, volumes, scheduling, constraints, networking } = workloadSpecShape

export const DeploymentManifest = z.strictObject({
  apiVersion: z.literal(apiVersion).describe(`\`${apiVersion}\``),
  kind: z.literal('Deployment').describe('`Deployment`'),
  metadata: manifestMetadata
    .extend({ name: ownName, namespace, labels, annotations })
    .describe('Its name, and what its replicas are'),
  spec: z
    .strictObject({ ...requestShape, ...{ gpus, resources, env, volumes, scheduling, constraints, networking } })
    .describe('What each replica runs, how many there are, and how one version follows another'),
})

const refusals = [
  ...manifestRefusals,
  { path: 'spec.nodes', why: 'is not there for deployments: say how many with replicas' },
  { path: 'spec.gang', why: 'is not there for deployments: a gang is a Workload' },
  { path: 'spec.array', why: 'is not there for deployments: an array is a Workload' },
]

const around = {
  schema: DeploymentRequest,
  examine(request: Readonly<Record<string, unknown>>) {
    const asked = DeploymentRequest.parse(request)
    settingsOf(asked, replicaSpecOf(asked))
  },
}

/** Throws SpecProblem. */
export function deploymentManifest(tree: Tree): SpecDocument {
  const manifest = checked(DeploymentManifest, tree, { refusals })
  return deploymentOf(fieldsOf(manifest, tree, 'placement'), tree, tree)
}

/** Throws SpecProblem. `at` is where it begins. */
export const deploymentOf = (fields: readonly Field[], tree: Tree, { at }: Pick<Tree, 'at'>): SpecDocument => ({
  kind: 'deployment',
  request: requestFrom(fields, tree, around),
  at,
  needs: [],
})

/** A file that is the request of `deploy.create` itself. Throws SpecProblem. */
export const ownDeployment = (tree: Tree): SpecDocument => ({
  kind: 'deployment',
  request: ownRequest(tree, around),
  at: tree.at,
  needs: [],
})

/** What only a deployment has, by which one is told from a workload. */
export const isDeploymentRequest = (tree: Tree): boolean =>
  tree.kind === 'map' &&
  ['service', 'gates', 'autoPromote', 'autoRollback', 'maxSurge'].some((key) => tree.entries.has(key))

/** A workload as the deployment that runs it all the time. Throws SpecProblem for what is no deployment. */
export function asDeployment(document: SpecDocument): SpecDocument & { readonly kind: 'deployment' } {
  if (document.kind === 'deployment') return document
  const { at, needs } = document
  if (isTimed(document))
    throw new SpecProblem({ at, text: `a ${document.kind} is no deployment: run it with clawbernetes run --file` })
  const { strategy: placement, name, nodes, gang, array, ...rest } = document.request
  const request = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'detach')) as typeof rest
  const refuse = (text: string): SpecProblem => new SpecProblem({ at, text })
  if (name === undefined) throw refuse('a deployment needs a name')
  if (gang === true || nodes !== undefined || array !== undefined)
    throw refuse(`${name} is a gang, an array or bound to nodes: run it with clawbernetes run --file`)
  const asked = { ...request, name, ...(placement === undefined ? {} : { placement }) }
  const result = DeploymentRequest.safeParse(asked)
  if (!result.success) throw refuse(`${name} cannot be a deployment: ${result.error.issues[0]?.message ?? ''}`)
  return { kind: 'deployment', request: asked, at, needs }
}
