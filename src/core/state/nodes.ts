/** What is known of each member: its hardware, whether it lives, and the mesh key that was sealed to it. */
import type { GpuDevice } from '../../model/gpu.ts'
import { gpuFamily } from '../../model/gpu.ts'
import type { Liveness, Member } from '../../model/node.ts'
import { settleIfMoved } from './overlay.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'

export function reportInventory(step: Step, { node, inventory }: CommandOf<'report-inventory'>): Outcome {
  const { state, changes } = step
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  state.members.set(node, { ...member, inventory })
  changes.push({ type: 'member', node })
  emit(step, { type: 'node.inventory', node, message: `${member.name} has ${gpusInWords(inventory.gpus)}` })
  return accepted({ node, epoch: member.epoch })
}

function gpusInWords(gpus: readonly GpuDevice[]): string {
  if (gpus.length === 0) return 'no GPUs'
  const counts = new Map<string, number>()
  for (const { model } of gpus) counts.set(gpuFamily(model), (counts.get(gpuFamily(model)) ?? 0) + 1)
  return Array.from(counts, ([family, count]) => `${count} × ${family}`).join(', ')
}

const livenessEvents: Record<Liveness, { readonly type: string; readonly words: string }> = {
  alive: { type: 'node.alive', words: 'answers again' },
  suspect: { type: 'node.suspect', words: 'does not answer; it may be down' },
  lost: { type: 'node.lost', words: 'is lost: nobody can reach it' },
  left: { type: 'node.left', words: 'said goodbye and shut down' },
}

export function recordLiveness(step: Step, { node, liveness }: CommandOf<'record-liveness'>): Outcome {
  const { state, changes } = step
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  const isNews = (state.liveness.get(node) ?? 'alive') !== liveness
  state.liveness.set(node, liveness)
  if (!isNews) return accepted({ node })
  changes.push({ type: 'member', node })
  const { type, words } = livenessEvents[liveness]
  emit(step, { type, node, message: `${member.name} ${words}` })
  settleIfMoved(step)
  return accepted({ node })
}

export function sealMeshKey({ state, changes }: Step, { node, sealedKey }: CommandOf<'seal-mesh-key'>): Outcome {
  const member: Member | undefined = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  state.sealedKeys.set(node, sealedKey)
  changes.push({ type: 'mesh' })
  return accepted({ node, epoch: member.epoch })
}
