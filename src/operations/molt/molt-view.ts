/** The MOLT network of the mesh, and the parts of its nodes, as users see them. */
import { z } from 'zod'
import { networkOf } from '../../core/molt/network.ts'
import { rulesOf } from '../../core/state/molt.ts'
import type { MoltNetwork } from '../../core/state/molt-commands.ts'
import type { MeshState } from '../../core/state/types.ts'
import { moltInWords } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { traceKinds } from '../../model/gpu-traces.ts'
import { moltModes } from '../../model/molt.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull, time } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'
import { lendingStatus, LendingStatus } from './lending-status.ts'

const partyId = z.string().describe('Key by which strangers know it')

export const MoltNetworkView = z.object({
  id: z.string(),
  name: z.string(),
  witnesses: z.array(
    z.object({ party: partyId, node: z.string().nullable().describe('Where it is one of this mesh') }),
  ),
  quorum: z.int().describe('Witnesses that have to sign what is to count'),
  faulty: z.int().describe('Witnesses that may lie without harm'),
  issuers: z.array(
    z.object({
      account: partyId,
      limit: z.string().describe('µMOLT that it may bring into the network'),
      inWords: z.string(),
    }),
  ),
  feePercent: z.number().describe('Of what is paid to a provider'),
  feeTo: partyId.nullable(),
  since: time,
  by: z.string().describe('Who had the mesh take part in it'),
})

export function networkView(network: MoltNetwork, state: MeshState): z.infer<typeof MoltNetworkView> {
  const genesis = rulesOf(network.genesis)
  const { id, quorum, faulty, feeBps, feeTo } = networkOf(genesis)
  return {
    ...{ id, name: genesis.name, quorum, faulty, feePercent: feeBps / 100, feeTo },
    witnesses: genesis.witnesses.map((party) => ({ party, node: nodeOf(party, state) })),
    issuers: genesis.issuers.map(({ account, limit }) => ({
      ...{ account, limit: String(limit), inWords: moltInWords(limit) },
    })),
    since: iso(network.since),
    by: network.by,
  }
}

/** Name of the node of this mesh that goes by that key in the network; null for a stranger, and before the node has said so. */
function nodeOf(party: string, state: MeshState): string | null {
  const found = [...state.moltParts].find(([, part]) => part.party === party)
  return found === undefined ? null : nameOf(state, found[0])
}

/** Throws MOLT_NO_NETWORK. */
export function networkIn({ moltNetwork, mesh }: MeshState): MoltNetwork {
  if (moltNetwork === null) throw new ClawError('MOLT_NO_NETWORK', { mesh: mesh?.genesis.name ?? '' })
  return moltNetwork
}

const mode = z.enum(moltModes).nullable().describe('Null for one that takes no part')

export const NodeMoltView = z.object({
  participating: z.boolean(),
  mode,
  party: partyId.nullable().describe('Null for one that takes no part'),
  witness: z.boolean().describe('Whether it is one of the network’s witnesses'),
})

/** What a node has told the mesh of its part. */
export function nodeMolt(node: NodeId, { moltNetwork, moltParts }: MeshState): z.infer<typeof NodeMoltView> {
  const { mode: present, party } = moltParts.get(node) ?? { mode: null, party: null }
  const witness = party !== null && moltNetwork !== null && rulesOf(moltNetwork.genesis).witnesses.includes(party)
  return { participating: present !== null, mode: present, party, witness }
}

export const MoltStatusView = z.object({
  node: z.string().describe('Name of the node that this is about'),
  mode,
  since: time.nullable(),
  party: partyId.nullable().describe('Null before it has needed a key'),
  witness: z.boolean().describe('Whether it is one of the network’s witnesses'),
  connected: z.boolean().describe('Whether its market host is up'),
  problem: z.string().nullable().describe('Why it is not, though it should be'),
  addresses: z.array(z.string()).describe('Where strangers reach it'),
  network: z.object({ id: z.string(), name: z.string() }).nullable(),
  peers: z.int().describe('Hosts of the network that it is linked to, of this mesh and of others'),
  strangers: z.int().describe('Those of them that are of other meshes'),
  witnesses: z.object({
    reachable: z.int(),
    all: z.int(),
    quorum: z.int(),
    isEnough: z.boolean().describe('Whether credit can move now, as far as this node sees'),
  }),
  unclean: z
    .array(
      z.object({ device: z.string(), kind: z.enum(traceKinds), detail: z.string().describe('In words'), since: time }),
    )
    .describe('GPUs of this node that are not lent, as something is left on them of whoever had them before'),
  lending: LendingStatus.nullable().describe('Null where it lends nothing now'),
  nodes: z
    .array(z.object({ node: z.string(), mode, party: partyId }))
    .describe('Nodes of this mesh that take part, or are witnesses'),
})

export function statusView(context: OperationContext): z.infer<typeof MoltStatusView> {
  const { molt, lending, control, self } = context
  const { part, party, isWitness, isConnected, problem, peers, addresses } = molt.status()
  const { state } = control
  const { moltNetwork, moltParts } = state
  const own = new Set(Array.from(moltParts.values(), (one) => one.party))
  return {
    ...{ node: nameOf(state, self), mode: part?.mode ?? null, since: isoOrNull(part?.since ?? null), party },
    ...{ witness: isWitness, connected: isConnected, problem, addresses: [...addresses] },
    network: moltNetwork === null ? null : { id: moltNetwork.id, name: moltNetwork.genesis.name },
    peers: peers.length,
    strangers: peers.filter((peer) => !own.has(peer)).length,
    witnesses: witnessesSeen(moltNetwork, [...peers, ...(isConnected && party !== null ? [party] : [])]),
    unclean: lending.unclean().map(({ uuid, kind, detail, since: from }) => ({
      ...{ device: uuid, kind, detail, since: iso(from) },
    })),
    lending: lendingStatus(context),
    nodes: partsKnown(context),
  }
}

/** As the mesh has been told; what has just become of this node itself it may not have been told yet. */
function partsKnown({ molt, control: { state }, self }: OperationContext) {
  const { part, party, isWitness, isConnected } = molt.status()
  const others = [...state.moltParts].filter(([node]) => node !== self)
  const own = isConnected && party !== null && (part !== null || isWitness)
  const all = [...others, ...(own ? [[self, { mode: part?.mode ?? null, party }] as const] : [])]
  return all.map(([node, one]) => ({ node: nameOf(state, node), mode: one.mode, party: one.party }))
}

function witnessesSeen(network: MoltNetwork | null, seen: readonly string[]) {
  if (network === null) return { reachable: 0, all: 0, quorum: 0, isEnough: false }
  const { witnesses, quorum } = networkOf(rulesOf(network.genesis))
  const reachable = [...witnesses].filter((witness) => seen.includes(witness)).length
  return { reachable, all: witnesses.size, quorum, isEnough: reachable >= quorum }
}
