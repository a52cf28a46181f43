/** Which container of this host is meant: by its id or the beginning of it, by its workload's id, or by name. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { TaskStatus } from '../../ports/executor.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef } from '../fields.ts'
import { findNode, findWorkload } from '../find.ts'
import { nameOf } from '../node/node-view.ts'

/** An id may be cut to this many characters, as long as it stays the only one. */
const shortest = 4

export const askedNode = nodeRef.optional().describe('Another node to ask; this one when left out')

/** The node that was named, or the one that was asked. */
export const nodeAsked = (
  { node }: { readonly node?: string | undefined },
  { control, self }: Pick<OperationContext, 'control' | 'self'>,
): NodeId => (node === undefined ? self : findNode(control.state, node))

const ref = z.string().min(1).max(128)

export const whichContainer = {
  node: askedNode,
  containerId: ref.optional().describe('Id of the container or of the workload, or its beginning'),
  workloadId: ref.optional(),
  name: ref.optional(),
}

export interface WhichContainer {
  readonly containerId?: string | undefined
  readonly workloadId?: string | undefined
  readonly name?: string | undefined
}

/** What it was called. Throws INVALID_REQUEST when it was called nothing. */
export function wordFor({ containerId, workloadId, name }: WhichContainer): string {
  const wanted = containerId ?? workloadId ?? name
  if (wanted === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'containerId or name is needed' })
  return wanted
}

type Context = Pick<OperationContext, 'control' | 'agent' | 'self'>

/** Throws WORKLOAD_NOT_FOUND for what this host does not have, with the host that has it where there is one. */
export function containerOf(which: WhichContainer, context: Context): Workload {
  const wanted = wordFor(which)
  return findHere(wanted, context) ?? explainAbsence(wanted, context)
}

/** Which namespace it is in. Throws WORKLOAD_NOT_FOUND. */
export const ofContainer = (which: WhichContainer, context: Context): string =>
  containerOf(which, context).spec.namespace

/** What waits for a node and may go to any is nowhere else: every host knows it. */
function findHere(wanted: string, context: Context): Workload | null {
  const { control, self, agent } = context
  const here = [...control.state.workloads.values()].filter(
    ({ placement, spec }) => (placement?.node ?? spec.node ?? self) === self,
  )
  const exact = here.find(({ id }) => id === wanted)
  if (exact !== undefined) return exact
  const named = here.filter(({ name }) => name === wanted).toSorted(byUse)[0]
  if (named !== undefined) return named
  if (wanted.length < shortest) return null
  const handles = new Map(agent.tasks().map(({ placement, handle }) => [placement, handle]))
  const begun = here.filter(
    ({ id, placement }) =>
      id.startsWith(wanted) || (placement !== null && handles.get(placement.id)?.startsWith(wanted) === true),
  )
  if (begun.length > 1)
    throw new ClawError('INVALID_REQUEST', {
      problem: `${wanted} could be ${begun.length} of them: write more of the id`,
    })
  return begun[0] ?? null
}

/** What lives before what has ended, and then the newest. */
const byUse = (a: Workload, b: Workload): number =>
  Number(isTerminal(a.state)) - Number(isTerminal(b.state)) || b.submittedAt - a.submittedAt

function explainAbsence(wanted: string, context: Context): never {
  const { control, self } = context
  const elsewhere = findWorkload(context, wanted)
  const { placement } = elsewhere
  const where = placement === null ? 'waits for a node' : `is on ${nameOf(control.state, placement.node)}`
  throw new ClawError('WORKLOAD_NOT_FOUND', {
    workload: `${elsewhere.name} on ${nameOf(control.state, self)}: it ${where}`,
  })
}

export const taskOf = (workload: Workload, { agent }: Pick<OperationContext, 'agent'>): TaskStatus | undefined =>
  agent.tasks().find(({ placement }) => placement === workload.placement?.id)

/** What the engine calls it; the workload's id where there is no engine, or it knows it no more. */
export const containerIdOf = (workload: Workload, context: Pick<OperationContext, 'agent'>): string =>
  taskOf(workload, context)?.handle ?? workload.id
