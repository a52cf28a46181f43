/** Which MOLT network the mesh takes part in, and which of its nodes how. */
import type { z } from 'zod'
import { Genesis, networkOf } from '../molt/network.ts'
import type { MoltCommand, WrittenGenesis } from './molt-commands.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, Outcome } from './types.ts'

export const isOnMolt = (command: Command): command is MoltCommand =>
  ['set-molt-network', 'leave-molt-network', 'report-molt'].includes(command.type)

export function carryOutOnMolt(step: Step, command: MoltCommand): Outcome {
  switch (command.type) {
    case 'set-molt-network':
      return setNetwork(step, command)
    case 'leave-molt-network':
      return leaveNetwork(step, command)
    case 'report-molt':
      return reportPart(step, command)
  }
}

/** The id of the network with these rules. Throws for what is none: what stands in the state or in a command is one. */
export const moltNetworkId = (genesis: WrittenGenesis): string => networkOf(rulesOf(genesis)).id

/** Rules that stand in the state, as they are worked with. */
export const rulesOf = (genesis: WrittenGenesis): z.output<typeof Genesis> => Genesis.parse(genesis)

function setNetwork(step: Step, { genesis, bootstrap }: CommandOf<'set-molt-network'>): Outcome {
  const { state, at, by, changes } = step
  const { moltNetwork: before } = state
  const id = moltNetworkId(genesis)
  if (before !== null && before.id !== id)
    return refused('MOLT_NETWORK_EXISTS', { network: before.id, name: before.genesis.name })
  state.moltNetwork = { id, genesis, bootstrap, since: before?.since ?? at, by: before?.by ?? by }
  changes.push({ type: 'molt' })
  if (before === null)
    emit(step, {
      type: 'molt.network-joined',
      message: `${by} had the mesh take part in the MOLT network ${genesis.name}`,
    })
  return accepted()
}

function leaveNetwork(step: Step, { network }: CommandOf<'leave-molt-network'>): Outcome {
  const { state, by, changes } = step
  const { moltNetwork: before } = state
  if (before === null || before.id !== network)
    return refused('MOLT_NO_NETWORK', { mesh: state.mesh?.genesis.name ?? '' })
  state.moltNetwork = null
  state.moltParts.clear()
  changes.push({ type: 'molt' })
  emit(step, { type: 'molt.network-left', message: `${by} had the mesh leave the MOLT network ${before.genesis.name}` })
  return accepted()
}

function reportPart(step: Step, { node, part }: CommandOf<'report-molt'>): Outcome {
  const { state, changes } = step
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  const before = state.moltParts.get(node) ?? null
  // Whoever has not heard yet that the mesh has left says nothing new.
  if (part !== null && state.moltNetwork === null)
    return refused('MOLT_NO_NETWORK', { mesh: state.mesh?.genesis.name ?? '' })
  if (part === null) state.moltParts.delete(node)
  else state.moltParts.set(node, part)
  changes.push({ type: 'molt' })
  const [was, is] = [before?.mode ?? null, part?.mode ?? null]
  if (was !== is)
    emit(step, {
      type: is === null ? 'molt.left' : 'molt.joined',
      node,
      message:
        is === null
          ? `${member.name} takes part in the market no more`
          : `${member.name} takes part in the market: ${is}`,
    })
  return accepted()
}
