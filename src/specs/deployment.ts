/** Deployments in files, and how they are reached from outside: of kind Deployment, of Compose, and made of what else says how to run one. */
import { z } from 'zod'
import { ClawError } from '../model/failure.ts'
import { DeploymentRequest, replicaSpecOf, settingsOf } from '../operations/deployment/deployment-request.ts'
import { IngressSections, routesOf } from '../operations/ingress/ingress-request.ts'
import type { Refusal } from './check.ts'
import { checked } from './check.ts'
import type { SpecDocument } from './document.ts'
import { isTimed } from './document.ts'
import { fieldsOf } from './manifest.ts'
import { apiVersion, manifestMetadata, manifestRefusals, workloadSpecShape } from './manifest-schema.ts'
import { SpecProblem } from './problem.ts'
import type { Field } from './request.ts'
import { ownRequest, requestFrom } from './request.ts'
import type { Tree } from './tree.ts'

type OfDeployment = Extract<SpecDocument, { readonly kind: 'deployment' }>

/** What a file says of one: the request of `deploy.create`, and how it is reached from outside. */
export const DeploymentFile = DeploymentRequest.extend({ ingress: IngressSections.optional() })

const { name: ownName, namespace, labels, annotations, ...requestShape } = DeploymentFile.shape
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

/** What people say elsewhere of what is exposed, below the path of the section. */
export const ingressRefusals = (section: string): readonly Refusal[] => [
  { path: `${section}.*.tls`, why: 'is called acme here: with true, the mesh orders the certificate of the host' },
  { path: `${section}.*.rules`, why: 'is not there: each host and path is an ingress of its own in the list' },
  { path: `${section}.*.port`, why: 'is said by service, once for all that reach the deployment' },
  { path: `${section}.*.deployment`, why: 'is not said: requests go to the deployment whose file this is' },
]

const refusals = [
  ...manifestRefusals,
  ...ingressRefusals('spec.ingress'),
  { path: 'spec.nodes', why: 'is not there for deployments: say how many with replicas' },
  { path: 'spec.gang', why: 'is not there for deployments: a gang is a Workload' },
  { path: 'spec.array', why: 'is not there for deployments: an array is a Workload' },
]

const around = {
  schema: DeploymentFile,
  refusals: ingressRefusals('ingress'),
  examine(file: Readonly<Record<string, unknown>>) {
    const { ingress = [], ...request } = DeploymentFile.parse(file)
    const { service } = settingsOf(request, replicaSpecOf(request))
    // First, so that the section is blamed and not the service beside it.
    routesOf(ingress, request.name)
    if (ingress.length > 0 && service === null)
      throw new ClawError('INVALID_REQUEST', {
        problem: 'ingress needs service, the port at which the deployment takes requests',
      })
  },
}

/** Throws SpecProblem. */
export function deploymentManifest(tree: Tree): SpecDocument {
  const manifest = checked(DeploymentManifest, tree, { refusals })
  return deploymentOf(fieldsOf(manifest, tree, 'placement'), tree, tree)
}

/** Throws SpecProblem. `at` is where it begins. */
export const deploymentOf = (fields: readonly Field[], tree: Tree, { at }: Pick<Tree, 'at'>): OfDeployment =>
  documentOf(requestFrom(fields, tree, around), at)

/** A file that is the request of `deploy.create` itself, and `ingress` with it. Throws SpecProblem. */
export const ownDeployment = (tree: Tree): SpecDocument => documentOf(ownRequest(tree, around), tree.at)

function documentOf({ ingress = [], ...request }: z.input<typeof DeploymentFile>, at: Tree['at']): OfDeployment {
  return { kind: 'deployment', request, ingresses: ingress, at, needs: [] }
}

/** What only a deployment has, by which one is told from a workload. */
export const isDeploymentRequest = (tree: Tree): boolean =>
  tree.kind === 'map' &&
  ['service', 'ingress', 'gates', 'autoPromote', 'autoRollback', 'maxSurge'].some((key) => tree.entries.has(key))

/** A workload as the deployment that runs it all the time. Throws SpecProblem for what is no deployment. */
export function asDeployment(document: SpecDocument): OfDeployment {
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
  return { kind: 'deployment', request: asked, ingresses: [], at, needs }
}
