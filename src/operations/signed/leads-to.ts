/**
 * What a signed request may lead to. An operation may run others at other nodes for the same caller; those check that what they are asked
 * for follows from what the operator signed, so that a member in between can neither invent a request nor change one.
 */
import { canonicalJson } from '../../lib/canonical-json.ts'
import { runsOf } from '../../core/state/job-steps.ts'
import { jobsOfWorkflow } from '../../core/state/workflows.ts'
import type { MeshState } from '../../core/state/types.ts'
import { isClawError } from '../../model/failure.ts'
import type { Job } from '../../model/job.ts'
import { defaultNamespace } from '../../model/namespace.ts'
import { type DeploymentId, type NodeId, workloadId } from '../../model/ids.ts'
import { readingIn } from '../consistency.ts'
import { findGroup, findMember, findWorkload } from '../find.ts'
import { isCalled } from '../image/image-view.ts'
import { nodeCommands } from '../node/node-invoke.ts'

export interface Asked {
  readonly name: string
  readonly input: unknown
}

type Fields = Readonly<Record<string, unknown>>
type Rule = (signed: Fields, asked: Fields, around: Around) => boolean

export interface Around {
  readonly state: MeshState
  /** The member that asks. */
  readonly from: NodeId
  /** The input as the operation's schema makes it, with what it adds; as it is where it does not fit. */
  parse(name: string, input: unknown): unknown
}

/** Is that what was signed, or a part of it? */
export function leadsTo(signed: Asked, asked: Asked, around: Around): boolean {
  if (signed.name === asked.name && isSame(own(signed.input), own(asked.input))) return true
  const from = fieldsOf(signed.input)
  const to = fieldsOf(asked.input)
  if (ruleFor(signed.name, asked.name)?.(from, to, around) === true) return true
  const within = invoked(signed.name, from, around)
  return within !== null && leadsTo(within, asked, around)
}

/** Is there anything signed that leads to it, besides itself? */
export const isLedTo = (asked: string): boolean => Object.values(rules).some((some) => Object.hasOwn(some, asked))

/** Does it ask each node by itself, however it was asked? */
export const goesOnTo = (name: string): boolean => ruleFor(name, name) !== undefined

const ruleFor = (signed: string, asked: string): Rule | undefined =>
  Object.hasOwn(rules, signed) && Object.hasOwn(rules[signed] ?? {}, asked) ? rules[signed]?.[asked] : undefined

/** What an invocation asks for at the node: only a node that was named does that, and asks others for what follows from it. */
function invoked(name: string, { command, params, node, nodes }: Fields, { state, from }: Around): Asked | null {
  if (!['node.invoke', 'mesh.invoke'].includes(name) || typeof command !== 'string') return null
  if (name === 'node.invoke' && found(() => findMember(state, textOf(node)).id) !== from) return null
  if (name === 'mesh.invoke' && !isAmong(nodes, from, state)) return null
  return { name: nodeCommands.get(command) ?? command, input: fieldsOf(params) }
}

/** All of it but these. */
function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(own(fields)).filter(([name]) => !names.includes(name)))
}

const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b)

/** Without how fresh the state was to be. */
const own = (input: unknown): Fields => fieldsOf(readingIn(input).own)

const fieldsOf = (input: unknown): Fields =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as Fields) : {}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

/** The asked node is the one that was named, or any where none was. */
function isAt({ node }: Fields, { node: asked }: Fields, { state }: Around): boolean {
  if (node === undefined || node === null) return true
  return typeof node === 'string' && found(() => findMember(state, node).id) === asked
}

/** The asked workload is one of those that were meant by whatever name. */
const isOf: Rule = (
  { workload, workloads, workloadId: id, containerId, name, replicas },
  { workload: asked },
  { state, from },
) =>
  typeof asked === 'string' &&
  ([workload, id, containerId, name, ...listOf(workloads)].some(
    (wanted) => typeof wanted === 'string' && means(wanted, asked, state, replicas),
  ) ||
    // What the engine there calls it, only that node knows.
    (typeof containerId === 'string' && state.workloads.get(workloadId(asked))?.placement?.node === from))

function means(wanted: string, asked: string, state: MeshState, replicas: unknown): boolean {
  if (wanted === asked || findGroup(state, wanted).some(({ id }) => id === asked)) return true
  const deployments = [...state.deployments.values()].filter(({ id, name }) => id === wanted || name === wanted)
  const isReplica = ({ id }: { readonly id: DeploymentId }): boolean =>
    state.replicas.get(id)?.has(workloadId(asked)) === true
  if (deployments.some(isReplica)) return true
  const jobs = [...state.jobs.values()].filter(({ id, name }) => id === wanted || name === wanted)
  if (isRunOf(jobs, asked, state)) return true
  const meant = found(() => findWorkload({ control: { state } as FindIn['control'], agent: noTasks }, wanted))
  if (meant === null) return false
  if (meant.id === asked) return true
  if (replicas !== true) return false
  const other = state.workloads.get(workloadId(asked))
  return (
    (meant.part !== null && meant.part !== undefined && other?.part?.group === meant.part.group) ||
    [...state.deployments.values()].some((one) => isReplica(one) && state.replicas.get(one.id)?.has(meant.id) === true)
  )
}

type FindIn = Parameters<typeof findWorkload>[0]
const noTasks = { tasks: () => [] } as unknown as FindIn['agent']

function found<T>(find: () => T): T | null {
  try {
    return find()
  } catch (error) {
    if (isClawError(error)) return null
    throw error
  }
}

/** The asked workload is a run of one of these jobs. */
const isRunOf = (jobs: readonly Job[], asked: unknown, state: MeshState): boolean =>
  jobs.some((job) => runsOf(state, job.id).some(({ id }) => id === asked))

const isCalledSo = (
  { id, name }: { readonly id: string; readonly name: string },
  wanted: readonly unknown[],
): boolean => wanted.some((word) => typeof word === 'string' && word !== '' && (word === name || id.startsWith(word)))

const isOfJob: Rule = ({ job, jobId, name }, { workload: asked }, { state }) => {
  const meant = [...state.jobs.values()].filter((one) => isCalledSo(one, [job, jobId, name]))
  return isRunOf(meant, asked, state)
}

const isOfWorkflow: Rule = ({ workflow, workflowId, name }, { workload: asked }, { state }) =>
  [...state.workflows.values()]
    .filter((one) => isCalledSo(one, [workflow, workflowId, name]))
    .some(({ id }) => isRunOf(jobsOfWorkflow(state, id), asked, state))

/** What one node has on record, where that node or all of them were asked for. */
const isOnRecord: Rule = (signed, asked, around) =>
  signed['all'] === true || (typeof signed['node'] === 'string' && isAt(signed, asked, around))

/** Output of the workload that was asked for. */
const output: Readonly<Record<string, Rule>> = { 'placement.logs': isOf, 'log.kept': isOf }

const oneOfAll =
  (name: string): Rule =>
  (signed, asked, around) => {
    const parsed = (input: Fields): Fields => without(fieldsOf(around.parse(name, own(input))), 'node')
    return isAt(signed, asked, around) && isSame(parsed(signed), parsed(asked))
  }

/** What a node is told to bring is the image that was named, to a node that was chosen. */
const brings: Rule = ({ image, nodes }, { image: asked, node, from }, { state }) =>
  typeof asked === 'string' &&
  typeof image === 'string' &&
  isCalled({ id: textOf(fieldsOf(from)['id']), tags: [asked], digests: [asked] }, image) &&
  isAmong(nodes, node, state)

const isAmong = (nodes: unknown, node: unknown, state: MeshState): boolean =>
  !Array.isArray(nodes) || listOf(nodes).some((one) => found(() => findMember(state, textOf(one)).id) === node)

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The signed operation, and what it may ask of others. */
const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  'mesh.invoke': {
    'node.invoke': (signed, asked, { state }) =>
      isSame(
        [signed['command'], fieldsOf(signed['params']), signed['idempotencyKey']],
        [asked['command'], fieldsOf(asked['params']), asked['idempotencyKey']],
      ) && isAmong(signed['nodes'], asked['node'], state),
  },
  'container.run': {
    'workload.run': (signed, asked, { from, parse }) => {
      const made = (input: Fields): Fields => fieldsOf(parse('workload.run', without(input, 'idempotencyKey', 'node')))
      const request = without(fieldsOf(parse('container.run', own(signed))), 'detach')
      return asked['node'] === from && isSame(made(request), made(asked))
    },
  },
  'container.stop': { 'workload.stop': isOf },
  'container.logs': output,
  'workload.logs': output,
  'log.lines': output,
  'log.read': output,
  'mesh.updates': { 'workload.logs': () => true, 'placement.logs': () => true, 'log.kept': () => true },
  'job.logs': { 'placement.logs': isOfJob, 'log.kept': isOfJob },
  'workflow.logs': { 'placement.logs': isOfWorkflow, 'log.kept': isOfWorkflow },
  'secret.get': {
    // For the very node that asks, which is the one that was asked to tell.
    'secret.open': (signed, asked, { from, parse }) => {
      const wanted = fieldsOf(parse('secret.get', own(signed)))
      const isMeant = (key: string): boolean => wanted[key] === undefined || wanted[key] === asked[key]
      return asked['node'] === from && wanted['name'] === asked['name'] && isMeant('namespace') && isMeant('version')
    },
  },
  'backup.create': {
    'backup.follow': ({ namespace = defaultNamespace }, { backup }, { state }) =>
      typeof backup === 'string' && state.backups.get(backup)?.namespace === namespace,
  },
  'backup.import': { 'backup.follow': ({ backup }, asked) => asked['backup'] === backup },
  'backup.restore': {
    // Of the very backup, for the node that puts it back; where no volume was named, the only one that there is.
    'backup.read': ({ backup, volume }, asked) =>
      asked['backup'] === backup && (volume === undefined || asked['volume'] === volume),
  },
  // Which key a node goes by in the network is no secret of the mesh; that it is asked is what the network is made of.
  'moltnetwork.create': { 'molt.identity': () => true },
  'molt.join': { 'molt.identity': () => true },
  'log.search': { 'log.scan': isAt },
  ...Object.fromEntries(
    ['audit.query', 'audit.tail', 'audit.verify', 'audit.export'].map((name) => [name, { 'audit.read': isOnRecord }]),
  ),
  'image.list': { 'image.list': oneOfAll('image.list') },
  'image.info': { 'image.list': () => true },
  'image.prune': { 'image.prune': oneOfAll('image.prune') },
  'image.remove': { 'image.remove': oneOfAll('image.remove'), 'image.list': () => true },
  'image.pull': { 'image.bring': brings },
  'image.push': { 'image.bring': brings, 'image.list': () => true },
}
