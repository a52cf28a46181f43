/** Files of all kinds as documents: workload.toml, workload.yaml, Compose, and the request itself as JSON, YAML or TOML. */
import { WorkloadRequest } from '../operations/workload/workload-request.ts'
import { closest } from '../lib/closest.ts'
import { composed } from './compose.ts'
import type { Surroundings } from './compose.ts'
import { asDeployment, deploymentManifest, deploymentOf, isDeploymentRequest, ownDeployment } from './deployment.ts'
import type { SpecDocument, Specs } from './document.ts'
import { parseJson } from './json.ts'
import { workloadFields } from './manifest.ts'
import { apiVersion } from './manifest-schema.ts'
import { ordered } from './order.ts'
import type { Problem } from './problem.ts'
import { specInvalid, SpecProblem } from './problem.ts'
import { examineWorkload, field, ownRequest, requestFrom } from './request.ts'
import { cronManifest, isWorkflow, jobManifest, ownWorkflow, workflowManifest } from './timed.ts'
import { parseToml } from './toml.ts'
import type { Tree } from './tree.ts'
import { find, placeOf } from './tree.ts'
import { workloadTable } from './workload-toml.ts'
import { parseYaml } from './yaml.ts'

export const formats = ['toml', 'yaml', 'json'] as const
export type SpecFormat = (typeof formats)[number]

/** Longest file that is looked at, in characters. */
const longest = 262_144

export interface SpecOptions extends Surroundings {
  /** What the file is called in problems. */
  readonly path: string
  readonly format: SpecFormat
  /** Everything becomes a deployment. */
  readonly as?: 'deployment' | undefined
}

/** Throws SPEC_INVALID with everything that is wrong, each with its place. */
export function parseSpecs(text: string, options: SpecOptions): Specs {
  try {
    if (text.length > longest)
      throw new SpecProblem({ at: { line: 1, column: 1 }, text: `it is longer than ${longest} characters` })
    const trees = treesOf(text.replace(/^\uFEFF/, ''), options.format)
    const found = collect(trees, options)
    if (found.documents.length === 0)
      throw new SpecProblem({ at: { line: 1, column: 1 }, text: 'it says nothing: see clawbernetes explain' })
    return found
  } catch (error) {
    if (!(error instanceof SpecProblem)) throw error
    throw specInvalid(options.path, error.problems)
  }
}

/** Throws SpecProblem for what is none of that format. */
export function treesOf(text: string, format: SpecFormat): readonly Tree[] {
  switch (format) {
    case 'toml':
      return [parseToml(text)]
    case 'yaml':
      return parseYaml(text)
    case 'json':
      return parseJson(text)
  }
}

/** All documents are looked at, so that all problems are told at once. */
function collect(trees: readonly Tree[], options: SpecOptions): Specs {
  const documents: SpecDocument[] = []
  const warnings: Problem[] = []
  const problems: Problem[] = []
  for (const tree of trees)
    try {
      const found = documentsOf(tree, options)
      documents.push(...(options.as === 'deployment' ? found.documents.map(asDeployment) : found.documents))
      warnings.push(...found.warnings)
    } catch (error) {
      if (!(error instanceof SpecProblem)) throw error
      problems.push(...error.problems)
    }
  problems.push(...twice(documents))
  if (problems.length > 0) throw new SpecProblem(...problems)
  return { documents: ordered(documents), warnings }
}

/** Two documents of one name could not both be submitted. */
const twice = (documents: readonly SpecDocument[]): readonly Problem[] =>
  documents.flatMap(({ request: { name }, at }, index) =>
    name !== undefined && documents.findIndex(({ request }) => request.name === name) < index
      ? [{ at, text: `${name} is the name of another one above` }]
      : [],
  )

function documentsOf(tree: Tree, options: SpecOptions): Specs {
  if (tree.kind !== 'map') throw new SpecProblem({ at: tree.at, text: 'must be a map, see clawbernetes explain' })
  if (tree.entries.has('apiVersion') || tree.entries.has('kind')) return one(manifestOf(tree))
  if (tree.entries.has('services')) return composeOf(tree, options)
  if (isWorkflow(tree)) return one(ownWorkflow(tree))
  if (find(tree, ['workload'])?.kind === 'map') return tableOf(tree, options)
  if (options.as === 'deployment' || isDeploymentRequest(tree)) return one(ownDeployment(tree))
  const request = ownRequest(tree, { schema: WorkloadRequest, examine: examineWorkload })
  return one({ kind: 'workload', request, at: tree.at, needs: [] })
}

const one = (document: SpecDocument): Specs => ({ documents: [document], warnings: [] })

const kinds = ['Workload', 'Deployment', 'Job', 'CronJob', 'Workflow']

function manifestOf(tree: Tree): SpecDocument {
  const kind = find(tree, ['kind'])
  const word = kind?.kind === 'scalar' ? String(kind.value) : null
  if (word === 'Workload') {
    const request = requestFrom(workloadFields(tree), tree, { schema: WorkloadRequest, examine: examineWorkload })
    return { kind: 'workload', request, at: tree.at, needs: [] }
  }
  if (word === 'Deployment') return deploymentManifest(tree)
  if (word === 'Job') return jobManifest(tree)
  if (word === 'CronJob') return cronManifest(tree)
  if (word === 'Workflow') return workflowManifest(tree)
  const near = word === null ? null : closest(word, kinds)
  const meant = near === null || near === word ? '' : `; did you mean ${near}?`
  const text =
    word === null ? `kind is missing: ${apiVersion} knows ${kinds.join(', ')}` : `there is no kind ${word}${meant}`
  throw new SpecProblem({ at: placeOf(tree, ['kind']), text })
}

function tableOf(file: Tree, { as }: SpecOptions): Specs {
  const { tree, fields, scaling, ofDeployment } = workloadTable(file)
  const request = requestFrom(fields, tree, { schema: WorkloadRequest, examine: examineWorkload })
  const warnings =
    scaling === null ? [] : [{ at: placeOf(tree, ['workload', 'scaling']), text: 'there is no autoscaler yet' }]
  const isDeployment = as === 'deployment' || ofDeployment.length > 0
  const replicas = scaling?.min_replicas
  const several =
    replicas !== undefined && (replicas > 1 || isDeployment) && request.replicas === undefined ? { replicas } : {}
  const document = { kind: 'workload', request: { ...request, ...several }, at: tree.at, needs: [] } as const
  if (ofDeployment.length === 0) return { documents: [document], warnings }
  const asked = Object.entries(asDeployment(document).request).map(([name, value]) =>
    field(name, value, ...(fields.find((one) => one.name === name)?.from ?? ['workload'])),
  )
  return { documents: [deploymentOf([...asked, ...ofDeployment], tree, tree)], warnings }
}

function composeOf(raw: Tree, options: SpecOptions): Specs {
  const { tree, services, warnings } = composed(raw, options)
  const isDeployment = new Set(services.filter(({ deployment }) => deployment !== null).map(({ name }) => name))
  const documents = services.map(({ fields, needs, path, deployment }): SpecDocument => {
    const at = placeOf(tree, path)
    const endless = needs.find(({ on, condition }) => condition === 'completed' && isDeployment.has(on))
    if (endless !== undefined)
      throw new SpecProblem({ at: endless.at, text: `${endless.on} is a deployment, which never completes` })
    if (deployment !== null) {
      const { replicas, from, service } = deployment
      const more = [field('replicas', replicas, ...from), ...(service === null ? [] : [service])]
      return { ...deploymentOf([...fields, ...more], tree, { at }), needs }
    }
    return {
      kind: 'workload',
      request: requestFrom(fields, tree, { schema: WorkloadRequest, examine: examineWorkload }),
      at,
      needs,
    }
  })
  return { documents, warnings }
}
