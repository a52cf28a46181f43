/** The mesh as a whole, and who leads it. */
import { z } from 'zod'
import { isoOrNull, noInput } from '../fields.ts'
import { refresh } from '../find.ts'
import { meshNumbers, meshNumbersOf } from './mesh-numbers.ts'
import { nameOf, nodeViews, viewIn } from '../node/node-view.ts'
import { unary } from '../operation.ts'

export const status = unary({
  name: 'status',
  about: 'Show the mesh in numbers.',
  input: noInput,
  output: z.object({
    gateway: z.string().describe('The peer that answered: its API’s address, or its id'),
    leader: z.string().nullable().describe('Name of the node that leads; null while there is none'),
    nodes: z.object({ healthy: z.int(), unhealthy: z.int() }),
    gpus: z.object({ total: z.int(), available: z.int() }),
    workloads: z.object({ running: z.int(), pending: z.int() }),
    outdated: z
      .string()
      .nullable()
      .describe(
        'Why the peer that answered has stopped to follow the mesh, so that this is of the past; null otherwise',
      ),
    insecure: z
      .string()
      .nullable()
      .describe('What is wrong with how the peer that answered lets others in; null when nothing is'),
    ...meshNumbers,
  }),
  permission: { verb: 'read', resource: 'mesh' },
  rest: { method: 'GET', path: '/api/status' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    const { control, apiAddress, self } = context
    const { state } = control
    const { leader } = control.status()
    const nodes = nodeViews(viewIn(context))
    // One that is drained is as well as any; it only takes no new work.
    const healthy = nodes.filter(({ status }) => status === 'healthy' || status === 'draining')
    const open = healthy.filter(({ scheduling }) => scheduling.mode === 'open')
    const numbers = meshNumbersOf(nodes, [...state.workloads.values()], context)
    const { starting, running, stopping, pending } = numbers.workload_states
    return {
      gateway: apiAddress ?? self,
      leader: leader === null ? null : nameOf(state, leader),
      nodes: { healthy: healthy.length, unhealthy: nodes.length - healthy.length },
      gpus: {
        total: nodes.reduce((sum, { gpus }) => sum + gpus.length, 0),
        available: open.reduce((sum, { gpusFree }) => sum + gpusFree, 0),
      },
      workloads: { running: starting + running + stopping, pending },
      outdated: control.outdated?.message ?? null,
      insecure: insecurityOf(apiAddress),
      ...numbers,
    }
  },
})

/** Of an API that others reach without encryption. */
function insecurityOf(address: string | null): string | null {
  const isOpen = address !== null && !/^(https:|http:\/\/(localhost|127\.[\d.]+|\[::1\])(:|$))/.test(address)
  return isOpen ? `${address} is not encrypted: tokens can be read on the way` : null
}

export const gatewayPing = unary({
  name: 'gateway.ping',
  about: 'Check that a peer answers.',
  input: noInput,
  output: z.object({ ok: z.boolean(), id: z.string(), name: z.string(), version: z.string(), time: z.string() }),
  permission: { verb: 'read', resource: 'self' },
  handler(_, { self, control, version, clock }) {
    const time = isoOrNull(clock.now()) ?? ''
    return Promise.resolve({ ok: true, id: self, name: nameOf(control.state, self), version, time })
  },
})

export const gatewayStatus = unary({
  name: 'gateway.status',
  about: 'Show who leads, who votes, and how far each peer has followed.',
  input: noInput,
  output: z.object({
    leader: z.string().nullable().describe('Name of the node that leads'),
    leaderId: z.string().nullable(),
    meshName: z.string().nullable().describe('Name of the mesh; null while this peer does not know it'),
    node: z.string().describe('Name of the peer that answered'),
    role: z.enum(['leader', 'follower', 'candidate', 'learner']).describe('Of the peer that answered'),
    term: z.int(),
    voters: z.array(z.string()).describe('Names of the nodes that vote'),
    voterIds: z.array(z.string()),
    committed: z.int(),
    applied: z.int(),
    epoch: z.int().describe('Rises with every change of the membership'),
    followers: z
      .array(
        z.object({
          node: z.string(),
          matched: z.int(),
          silentForMs: z.number().nullable(),
          mute: z.boolean().describe('It has lost its log, and its word does not count'),
        }),
      )
      .describe('Known to the leader only'),
  }),
  permission: { verb: 'read', resource: 'mesh' },
  rest: { method: 'GET', path: '/api/gateway' },
  handler(_, { control, self }) {
    const { state } = control
    const { leader, role, term, voters, committed, applied, followers } = control.status()
    return Promise.resolve({
      leader: leader === null ? null : nameOf(state, leader),
      leaderId: leader,
      meshName: state.mesh?.genesis.name ?? null,
      node: nameOf(state, self),
      ...{ role, term, committed, applied },
      voters: voters.map((voter) => nameOf(state, voter)),
      voterIds: [...voters],
      epoch: state.epoch,
      followers: followers.map(({ node, matched, silentFor, isMute }) => ({
        ...{ matched, silentForMs: silentFor, mute: isMute },
        node: nameOf(state, node),
      })),
    })
  },
})
