/** An event of the mesh as users see it. */
import { z } from 'zod'
import type { Resource } from '../../model/access.ts'
import { resources } from '../../model/access.ts'
import type { MeshEvent, MeshState, Severity } from '../../core/state/types.ts'
import { severities } from '../../core/state/types.ts'
import { iso, time } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'
import type { Call } from '../operation.ts'

export const MeshEventView = z.object({
  sequence: z.int().describe('Rises by one with every event of the mesh'),
  at: time,
  type: z.string(),
  node: z.string().nullable().describe('Name of the node it is about'),
  workload: z.string().nullable().describe('Id of the workload it is about'),
  namespace: z.string().nullable().describe('Of the job, secret, volume or the like that it is about'),
  message: z.string(),
  source: z.string().describe('Who told it; `mesh` for what the mesh itself says'),
  severity: z.enum(severities),
})
export type MeshEventView = z.infer<typeof MeshEventView>

export const eventView = (event: MeshEvent, state: MeshState): MeshEventView => {
  const { sequence, at, type, node, workload, namespace = null, message, source = own } = event
  return {
    ...{ sequence, type, workload, namespace, message, source },
    severity: severityOf(event),
    at: iso(at),
    node: node === null ? null : nameOf(state, node),
  }
}

/** What one has to be allowed to read to be told of it, by the beginning of its type. */
const subjects: Readonly<Record<string, Resource>> = {
  ...{ deployment: 'workload', told: 'event', prices: 'price', overlay: 'network' },
  ...Object.fromEntries(resources.map((resource) => [resource, resource])),
}

/** Whether somebody is told of it who may be told of events. Of work the state that they see tells already. */
export function isTold(
  { type, workload, namespace }: Pick<MeshEvent, 'type' | 'workload' | 'namespace'>,
  { may }: Pick<Call, 'may'>,
): boolean {
  if (workload !== null) return true
  const resource = subjects[type.split('.')[0] ?? '']
  return resource !== undefined && may({ verb: 'read', resource }, namespace ?? null)
}

/** The source of what the mesh itself says. */
export const own = 'mesh'

const warnings: readonly string[] = ['evicted', 'rejected', 'retried', 'withdrawn', 'suspect', 'left', 'recovered']
const errors: readonly string[] = ['failed', 'lost']

/** Of an event that nobody told, by what it is about. */
export function severityOf({ type, severity }: Pick<MeshEvent, 'type' | 'severity'>): Severity {
  if (severity !== undefined) return severity
  const what = type.split('.')[1] ?? ''
  return errors.includes(what) ? 'error' : warnings.includes(what) ? 'warning' : 'info'
}
