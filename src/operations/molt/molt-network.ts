/** The MOLT network that the mesh takes part in: made, shown, handed on, joined and left. */
import { z } from 'zod'
import { rulesOf } from '../../core/state/molt.ts'
import type { WrittenGenesis } from '../../core/state/molt-commands.ts'
import { parseMolt } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { day, second } from '../../model/time.ts'
import { carryOut } from '../carry-out.ts'
import { stateChanges } from '../changes.ts'
import type { OperationContext } from '../context.ts'
import { withDeadline } from '../deadline.ts'
import { nodeRef, noInput } from '../fields.ts'
import { becomeFresh, findNode, refresh } from '../find.ts'
import { askAll } from '../image/image-view.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'
import { fileOf, MoltNetworkFile, networkFrom, whereabouts } from './molt-file.ts'
import { MoltNetworkView, networkIn, networkView } from './molt-view.ts'

/** Whose word counts in the network concerns the whole mesh. */
export const onNetwork = { verb: 'change', resource: 'mesh' } as const
const read = { verb: 'read', resource: 'molt' } as const

/** A voter that is up answers at once. */
const answerTime = 10 * second

export const moltIdentity = unary({
  name: 'molt.identity',
  about: 'Say by which key a node goes in MOLT networks. Makes one where there is none.',
  input: z.strictObject({ node: nodeRef }),
  output: z.object({ party: z.string() }),
  permission: onNetwork,
  isStep: true,
  where: ({ node }, { control }) => findNode(control.state, node),
  handler: async (_, { molt }) => ({ party: await molt.identity() }),
})

const Rules = z.strictObject({
  name: z.string().max(40).optional().describe('a-z, 0-9 and -; that of the mesh when left out'),
  credit: z.string().max(32).default('1000000').describe('MOLT that the node that makes it may bring into it'),
  feeBps: z.int().min(0).max(10_000).default(0).describe('Of what is paid to a provider, in hundredths of a percent'),
  faulty: z
    .int()
    .min(0)
    .max(33)
    .default(0)
    .describe('Witnesses that may lie without harm; it takes more than three times as many of them'),
})
type Rules = z.output<typeof Rules>

export const moltNetworkCreate = unary({
  name: 'moltnetwork.create',
  about: 'Make a MOLT network whose witnesses are the voters of this mesh, and have the mesh take part in it.',
  input: Rules,
  output: MoltNetworkView.extend({
    silent: z
      .array(z.object({ node: z.string(), problem: z.string() }))
      .describe('Voters that did not answer, and so are no witnesses'),
  }),
  permission: onNetwork,
  rest: { method: 'POST', path: '/api/molt/network' },
  async handler(rules, context, call) {
    await becomeFresh(context, call.signal)
    const silent = await createNetwork(rules, context, call)
    return { ...networkView(networkIn(context.control.state), context.control.state), silent: [...silent] }
  },
})

/** Of two that are made at once the first to be committed stands. Returns the voters that are no witnesses. Throws MOLT_NETWORK_EXISTS and MOLT_TOO_FEW_WITNESSES. */
export async function createNetwork(
  { name, credit, feeBps, faulty }: Rules,
  context: OperationContext,
  call: Call,
): Promise<readonly { readonly node: string; readonly problem: string }[]> {
  const { control, clock, molt } = context
  const { moltNetwork, mesh } = control.state
  if (moltNetwork !== null)
    throw new ClawError('MOLT_NETWORK_EXISTS', { network: moltNetwork.id, name: moltNetwork.genesis.name })
  const limit = parseMolt(credit)
  if (limit === null) throw invalid(`“${credit}” is no amount: write 12, 12.5 or 0.001234; 0.001 at least`)
  const { witnesses, silent } = await witnessesOf(context, call)
  if (witnesses.length < 3 * faulty + 1)
    throw invalid(`with ${witnesses.length} witnesses at most ${Math.floor((witnesses.length - 1) / 3)} may lie`)
  const issuer = await molt.identity()
  const genesis: WrittenGenesis = {
    ...{ name: name ?? nameFrom(mesh?.genesis.name ?? ''), witnesses: witnesses.toSorted(), faulty, feeBps },
    feeTo: feeBps === 0 ? null : issuer,
    issuers: [{ account: issuer, limit: String(limit) }],
    ...{ claimTime: day, createdAt: Math.floor(clock.now()) },
  }
  await commit(genesis, [], context, call)
  return silent
}

/** The keys of a majority of the voters at least. */
async function witnessesOf(context: OperationContext, call: Call) {
  const { voters } = context.control.status()
  const ask = (node: NodeId): Promise<string> =>
    withDeadline(
      context.clock,
      { span: answerTime, what: 'its answer' },
      call.signal,
      async (limited) => moltIdentity.output.parse(await call.within(limited).invoke('molt.identity', { node })).party,
    )
  const { answers, silent } = await askAll(context, voters, ask)
  if (answers.length * 2 <= voters.length)
    throw new ClawError('MOLT_TOO_FEW_WITNESSES', {
      ...{ answered: answers.length, voters: voters.length },
      silent: silent.map(({ node }) => node).join(', '),
    })
  return { witnesses: answers, silent }
}

async function commit(
  genesis: WrittenGenesis,
  bootstrap: readonly string[],
  context: OperationContext,
  { caller, signal }: Call,
): Promise<void> {
  checkRules(genesis)
  await carryOut('molt-network', { type: 'set-molt-network', genesis, bootstrap }, { context, caller, signal })
}

/** Throws INVALID_REQUEST for what would be no network. */
function checkRules(genesis: WrittenGenesis): void {
  try {
    rulesOf(genesis)
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause
    throw invalid(cause.issues.map(({ path, message }) => [...path, message].join(' ')).join('; '))
  }
}

/** A mesh may be called what a network may not. */
const nameFrom = (mesh: string): string =>
  mesh
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '') || 'mesh'

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

export const moltNetworkInfo = unary({
  name: 'moltnetwork.info',
  about: 'Show the MOLT network that the mesh takes part in.',
  input: noInput,
  output: MoltNetworkView,
  permission: read,
  rest: { method: 'GET', path: '/api/molt/network' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    return networkView(networkIn(context.control.state), context.control.state)
  },
})

export const moltNetworkExport = unary({
  name: 'moltnetwork.export',
  about:
    'Tell all that another mesh needs to take part in the same MOLT network. Nothing of it is secret. Waits for a moment for a witness that has not said where it is.',
  input: noInput,
  output: MoltNetworkFile,
  permission: read,
  rest: { method: 'GET', path: '/api/molt/network/export' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    return fileOnceKnown(context, signal)
  },
})

/** Of a network that was just made the witnesses open their hosts now. Throws MOLT_NO_NETWORK and MOLT_NOT_CONNECTED. */
async function fileOnceKnown({ control, clock }: OperationContext, signal: AbortSignal) {
  const changes = stateChanges(control, signal)
  const until = clock.now() + answerTime
  try {
    while (whereabouts(networkIn(control.state), control.state).length === 0 && clock.now() < until && !signal.aborted)
      await changes.next(clock, until - clock.now())
    return fileOf(networkIn(control.state), control.state)
  } finally {
    changes.close()
  }
}

export const moltNetworkJoin = unary({
  name: 'moltnetwork.join',
  about: 'Have the mesh take part in the MOLT network of another mesh.',
  input: z.strictObject({ network: MoltNetworkFile }),
  output: MoltNetworkView,
  permission: onNetwork,
  rest: { method: 'POST', path: '/api/molt/network/join' },
  async handler({ network }, context, call) {
    const { genesis, bootstrap } = networkFrom(network)
    await commit(genesis, bootstrap, context, call)
    return networkView(networkIn(context.control.state), context.control.state)
  },
})

export const moltNetworkLeave = unary({
  name: 'moltnetwork.leave',
  about: 'Have the mesh take part in no MOLT network any more. What its nodes own there stays theirs.',
  input: noInput,
  output: z.object({ id: z.string(), name: z.string(), left: z.boolean() }),
  permission: onNetwork,
  rest: { method: 'DELETE', path: '/api/molt/network' },
  async handler(_, context, { caller, signal }) {
    await refresh(context, signal)
    const { id, genesis } = networkIn(context.control.state)
    await carryOut('molt-network', { type: 'leave-molt-network', network: id }, { context, caller, signal })
    return { id, name: genesis.name, left: true }
  },
})
