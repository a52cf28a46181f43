/** An event of the mesh as users see it. */
import { z } from 'zod'
import type { MeshEvent, MeshState } from '../core/state/types.ts'
import { iso, time } from './fields.ts'
import { nameOf } from './node-view.ts'

export const MeshEventView = z.object({
  sequence: z.int().describe('Rises by one with every event of the mesh'),
  at: time,
  type: z.string(),
  node: z.string().nullable().describe('Name of the node it is about'),
  workload: z.string().nullable().describe('Id of the workload it is about'),
  message: z.string(),
})
export type MeshEventView = z.infer<typeof MeshEventView>

export const eventView = (
  { sequence, at, type, node, workload, message }: MeshEvent,
  state: MeshState,
): MeshEventView => ({
  ...{ sequence, type, workload, message },
  at: iso(at),
  node: node === null ? null : nameOf(state, node),
})
