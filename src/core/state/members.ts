/** Which hosts belong to the mesh. Every change raises the epoch, so that old certificates can be told from new ones. */
import type { NodeId } from '../../model/ids.ts'
import type { Member } from '../../model/node.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { redeem } from './access.ts'
import { fail, unplace } from './lifecycle.ts'
import { exposeVault } from './secrets.ts'
import { loseBackups } from './backups.ts'
import { leaveCertificates } from './certificates.ts'
import { leaveOverlay } from './overlay.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, MeshState, NewMember, Outcome } from './types.ts'

export function found(step: Step, { id, genesis, founder, sealedKey }: CommandOf<'found'>): Outcome {
  const { state, changes } = step
  if (state.mesh !== null) return refused('ALREADY_MEMBER', { mesh: state.mesh.id })
  if (genesis.founder !== founder.id)
    return refused('INVALID_REQUEST', { problem: 'the founder of the genesis record is another node' })

  state.mesh = { id, genesis }
  changes.push({ type: 'mesh' })
  emit(step, { type: 'mesh.founded', node: founder.id, message: `${founder.name} founded mesh ${genesis.name}` })
  addMember(step, founder)
  state.sealedKeys.set(founder.id, sealedKey)
  return accepted({ node: founder.id, epoch: state.epoch })
}

/** A node that is a member already keeps its epoch, name, roles and labels; its token is used up all the same. */
export function admit(step: Step, command: CommandOf<'admit'>): Outcome {
  const { state, changes } = step
  const token = redeem(step, command)
  if ('ok' in token) return token

  const known = state.members.get(command.member.id)
  // The token speaks for the mesh, the node only for itself: the token decides the roles and has the last word on labels.
  const labels = { ...command.member.labels, ...token.labels }
  if (known === undefined && Object.keys(labels).length > limits.labels) return tooManyLabels
  state.tokens.set(token.id, { ...token, usedBy: command.member.id })
  if (known === undefined) return addMember(step, { ...command.member, labels, roles: token.roles })
  const { sealKey } = command.member
  // Who comes back does not listen yet, and may not know where it will: what is known of it is better than nothing.
  const addresses = command.member.addresses.length > 0 ? command.member.addresses : known.addresses
  state.members.set(known.id, { ...known, addresses, sealKey })
  changes.push({ type: 'member', node: known.id })
  return accepted({ node: known.id, epoch: known.epoch })
}

const tooManyLabels = refused('INVALID_REQUEST', { problem: `a node has at most ${limits.labels} labels` })

function addMember(step: Step, newcomer: NewMember): Outcome {
  const { state, at, changes } = step
  state.epoch += 1
  const name = freeName(state, newcomer.name)
  const member: Member = { ...newcomer, name, epoch: state.epoch, joinedAt: at, ...openSince(at), inventory: null }
  state.members.set(member.id, member)
  state.removed.delete(member.id)
  changes.push({ type: 'member', node: member.id })
  emit(step, { type: 'node.joined', node: member.id, message: `${name} joined the mesh` })
  return accepted({ node: member.id, epoch: member.epoch })
}

/** A node that nobody has closed. */
export const openSince = (at: Instant): Pick<Member, 'taints' | 'scheduling'> => ({
  taints: [],
  scheduling: { mode: 'open', reason: '', since: at, grace: null },
})

/** The name itself, or with the first number from 2 that makes it unique. */
function freeName(state: State, wanted: string): string {
  const taken = new Set(Array.from(state.members.values(), ({ name }) => name))
  if (!taken.has(wanted)) return wanted
  let number = 2
  while (taken.has(`${wanted}-${number}`)) number += 1
  return `${wanted}-${number}`
}

export function updateMember({ state, changes }: Step, command: CommandOf<'update-member'>): Outcome {
  const member = state.members.get(command.node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node: command.node })
  const labels = patched(command.labels ?? member.labels, command.labelPatch ?? {})
  if (Object.keys(labels).length > limits.labels) return tooManyLabels
  state.members.set(member.id, { ...member, addresses: command.addresses ?? member.addresses, labels })
  changes.push({ type: 'member', node: member.id })
  return accepted({ node: member.id, epoch: member.epoch })
}

const patched = (
  before: Member['labels'],
  patch: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries({ ...before, ...patch }).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  )

/** Why a node cannot be removed now; null when it can. Also asked before a voter is retired for it. */
export function removalObstacle(
  state: Pick<MeshState, 'members' | 'workloads'>,
  { node, force }: Omit<CommandOf<'remove-member'>, 'type'>,
): Outcome | null {
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  if (state.members.size === 1) return refused('INVALID_REQUEST', { problem: 'it is the only node of the mesh' })
  if (force) return null
  const workloads = workloadsOn(state, node).filter(({ placement }) => placement?.state === 'claimed').length
  return workloads === 0 ? null : refused('MEMBER_BUSY', { node: member.name, workloads })
}

export function removeMember(step: Step, command: CommandOf<'remove-member'>): Outcome {
  const { state, by, changes } = step
  const obstacle = removalObstacle(state, command)
  const member = state.members.get(command.node)
  if (obstacle !== null || member === undefined) return obstacle ?? refused('NODE_NOT_FOUND', { node: command.node })

  for (const workload of workloadsOn(state, member.id)) {
    if (workload.placement?.state === 'placed') unplace(step, workload)
    else fail(step, workload, { code: 'WORKLOAD_LOST', facts: { reason: `its node ${member.name} was removed` } })
  }
  state.epoch += 1
  state.members.delete(member.id)
  state.sealedKeys.delete(member.id)
  exposeVault(state, member.id)
  state.liveness.delete(member.id)
  state.auditHeads.delete(member.id)
  state.moltParts.delete(member.id)
  state.workerResults.delete(member.id)
  state.removed.set(member.id, state.epoch)
  changes.push({ type: 'member', node: member.id })
  loseBackups(step, member.id)
  leaveOverlay(step, member.id)
  leaveCertificates(step, member.id)
  emit(step, { type: 'node.removed', node: member.id, message: `${member.name} was removed by ${by}` })
  return accepted({ node: member.id, epoch: state.epoch })
}

/** In the order of submission, which is the same on every peer. */
const workloadsOn = (state: Pick<MeshState, 'workloads'>, node: NodeId): readonly Workload[] =>
  [...state.workloads.values()].filter(({ placement, state: now }) => placement?.node === node && !isTerminal(now))
