/** The account of a node in the MOLT network: what is on it, and what it pays. */
import { z } from 'zod'
import { setAsideIn, transferPurpose } from '../../core/molt/wallet.ts'
import { totalOf } from '../../core/molt/spend.ts'
import { publicKeyOf } from '../../lib/peer-id.ts'
import { type MicroMolt, moltInWords, parseMolt } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import { nodeId, type NodeId } from '../../model/ids.ts'
import type { Certificate } from '../../model/molt-line.ts'
import type { WalletView } from '../../services/molt/wallet-door.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef } from '../fields.ts'
import { findNode, refresh } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'
import { Money, money } from './molt-lease-view.ts'

export const node = nodeRef.optional().describe('The node whose account is meant; the one that is asked when left out')
export const where = (
  { node: of }: { readonly node?: string | undefined },
  { control, self }: OperationContext,
): NodeId => (of === undefined ? self : findNode(control.state, of))
export const look = { verb: 'read', resource: 'molt' } as const

const accountId = z.string().describe('Key by which strangers know it')
const Way = z.object({
  sequence: z.int(),
  to: z.array(z.string()),
  amount: Money,
  key: z.string().describe('What it was asked for with'),
})

/** Brings the books up to what a quorum knows. Why that is not so now; null when it is. */
async function asked(work: Promise<unknown>, signal: AbortSignal): Promise<string | null> {
  try {
    await work
    return null
  } catch (error) {
    if (signal.aborted || !ClawError.is(error, 'NO_QUORUM')) throw error
    return error.message
  }
}

export const moltWallet = unary({
  name: 'molt.wallet',
  about: 'Show the account of a node: what is on it, what is set aside, and what the witnesses say of it.',
  input: z.strictObject({ node }),
  output: z.object({
    node: z.string(),
    account: accountId,
    network: z.object({ id: z.string(), name: z.string() }),
    balance: Money.describe('By the books of the node; of an issuer it may be below nothing'),
    spendable: Money.describe('Beside what is on its way'),
    limit: Money.nullable().describe('How far an issuer may go below nothing; null for everybody else'),
    setAside: z.array(
      z.object({
        agreement: z.string(),
        isOwn: z.boolean().describe('Whether it was set aside from this account, or for it'),
        with: z.string().describe('The other side'),
        amount: Money,
        isClosing: z.boolean(),
      }),
    ),
    onItsWay: Way.nullable().describe('The own line that is not final yet; it goes on by itself'),
    lines: z.int().describe('In the books'),
    witnesses: z
      .object({ balance: Money, sequence: z.int(), answered: z.int(), agree: z.boolean() })
      .nullable()
      .describe('What a quorum of them says; null where too few answer'),
    problem: z.string().nullable().describe('Why they say nothing'),
  }),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/wallet' },
  where,
  async handler(_, { wallet, molt, control, self }, { signal }) {
    const view = wallet.view()
    const { bank, account, network } = view
    const problem = await asked(bank.receive(signal, network.quorum), signal)
    const reading = problem === null ? await bank.read(account, signal) : null
    const { books, spendable } = bank
    const limit = network.limits.get(account)
    return {
      ...{ node: nameOf(control.state, self), account, network: { id: network.id, name: molt.plane().name } },
      ...{
        balance: money(books.balance),
        spendable: money(spendable),
        limit: limit === undefined ? null : money(limit),
      },
      setAside: setAsideIn(books).map(({ agreement, buyer, provider, amount, isClosing }) => ({
        ...{ agreement, isOwn: buyer === account, with: buyer === account ? provider : buyer },
        ...{ amount: money(amount), isClosing },
      })),
      ...{ onItsWay: onItsWay(view), lines: books.lines.length, problem },
      witnesses: reading && {
        ...{ balance: money(reading.balance), sequence: reading.sequence, answered: reading.answered },
        agree: reading.sequence === books.sequence && reading.balance === books.balance,
      },
    }
  },
})

function onItsWay({ bank }: WalletView): z.infer<typeof Way> | null {
  const { proposed } = bank.books
  if (proposed === null) return null
  const { spend } = proposed.order
  const amount = money(totalOf(spend))
  return { sequence: spend.sequence, to: spend.outputs.map(({ to }) => to), amount, key: keyIn(proposed.purpose) }
}

const keyIn = (purpose: string): string => (purpose.startsWith(transferPurpose('')) ? purpose.slice(9) : purpose)

export const moltBalance = unary({
  name: 'molt.balance',
  about: 'Show what is on an account: the own one by its books, any other as a quorum of the witnesses says.',
  input: z.strictObject({
    account: z.string().min(1).max(128).optional().describe('Account, or name of a node of this mesh that takes part'),
    node,
  }),
  output: z.object({
    account: accountId,
    isOwn: z.boolean(),
    balance: Money.describe('Of another account: at least so much'),
    spendable: Money.nullable().describe('Null for another account'),
    sequence: z.int().describe('Number of its last line'),
    answered: z
      .int()
      .nullable()
      .describe('Witnesses that have answered; null where that were too few, and the books are all there is'),
  }),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/balance' },
  where,
  async handler({ account: wanted }, context, { signal }) {
    const { bank, account, network } = context.wallet.view()
    const of = wanted === undefined ? account : partyCalled(wanted, context, account)
    if (of !== account) {
      const { balance, sequence, answered } = await bank.read(of, signal)
      return { account: of, isOwn: false, balance: money(balance), spendable: null, sequence, answered }
    }
    const problem = await asked(bank.receive(signal, network.quorum), signal)
    const { books, spendable } = bank
    return {
      ...{ account, isOwn: true, balance: money(books.balance), spendable: money(spendable), sequence: books.sequence },
      answered: problem === null ? network.quorum : null,
    }
  },
})

/** Whole names only: credit is not sent to what a few letters may mean. Throws INVALID_REQUEST. */
export function partyCalled(
  wanted: string,
  { control }: Pick<OperationContext, 'control'>,
  own: NodeId | null,
): NodeId {
  const { members, moltParts } = control.state
  if (wanted === own) return own
  const member = members.get(nodeId(wanted)) ?? [...members.values()].find(({ name }) => name === wanted)
  if (member === undefined) {
    if (publicKeyOf(wanted) !== null) return nodeId(wanted)
    throw invalid(`${wanted} is neither an account nor a node of this mesh`)
  }
  const part = moltParts.get(member.id)
  if (part === undefined) throw invalid(`${member.name} takes no part in the MOLT network, so it has no account there`)
  return nodeId(part.party)
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

export const moltTransfer = unary({
  name: 'molt.transfer',
  about: 'Pay from the account of a node to any other. It is final once a quorum of the witnesses has signed it.',
  input: z.strictObject({
    to: z.string().min(1).max(128).describe('Account, or whole name of a node of this mesh that takes part'),
    amount: z.string().max(32).describe('MOLT: 12, 12.5 or 0.001234; 0.001 at least'),
    key: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('Asked again with the same key it is paid once; made up where it is left out'),
    dryRun: z.boolean().default(false).describe('Say only what would be paid'),
    node,
  }),
  output: z.object({
    isPaid: z.boolean(),
    key: z.string(),
    from: accountId,
    to: accountId,
    toNode: z.string().nullable().describe('Where it is a node of this mesh'),
    amount: Money,
    spendable: Money.describe('What is left then'),
    line: z.object({ sequence: z.int(), signed: z.int().describe('By so many witnesses') }).nullable(),
  }),
  permission: { verb: 'spend', resource: 'molt' },
  rest: { method: 'POST', path: '/api/molt/transfer' },
  where,
  object: ({ to }) => to,
  async handler({ to: wanted, amount: text, key: given, dryRun }, context, { signal }) {
    await refresh(context, signal)
    const view = context.wallet.view()
    const { bank, account } = view
    const to = partyCalled(wanted, context, account)
    const amount = parseMolt(text)
    if (amount === null) throw invalid(`“${text}” is no amount: write 12, 12.5 or 0.001234; 0.001 at least`)
    if (amount === 0n) throw invalid('nothing is to be paid')
    if (to === account) throw invalid('that is the account itself')
    const key = given ?? Buffer.from(context.random.bytes(8)).toString('hex')
    const outputs = [{ to, amount }]
    const purpose = transferPurpose(key)
    const known = begunWith(view, purpose)
    if (known !== null) checkSame(known, { to, amount, key })
    if (known === null) await checkFunds(view, amount, signal)
    const line = dryRun ? null : await bank.pay({ outputs, purpose }, signal)
    // Somebody else may have come first with this key meanwhile.
    if (line !== null) checkSame(line.order.spend.outputs, { to, amount, key })
    const left = line === null && known === null ? bank.spendable - amount : bank.spendable
    return {
      ...{ isPaid: line !== null, key, from: account, to, toNode: nodeAt(to, context), amount: money(amount) },
      ...{ spendable: money(left), line: line && lineView(line) },
    }
  },
})

const lineView = ({ order, votes }: Certificate) => ({ sequence: order.spend.sequence, signed: votes.length })

const begunWith = ({ bank: { books } }: WalletView, purpose: string) =>
  (books.proposed?.purpose === purpose
    ? books.proposed.order.spend.outputs
    : books.byPurpose.get(purpose)?.line.order.spend.outputs) ?? null

interface Wanted {
  readonly to: string
  readonly amount: MicroMolt
  readonly key: string
}

/** Throws INVALID_REQUEST. */
function checkSame(outputs: readonly { readonly to: string; readonly amount: MicroMolt }[], wanted: Wanted): void {
  const [output] = outputs
  if (output?.to !== wanted.to || output.amount !== wanted.amount)
    throw invalid(
      `with the key “${wanted.key}” ${moltInWords(output?.amount ?? 0n)} went to ${output?.to ?? 'nobody'} already: take another one`,
    )
}

/** Throws INSUFFICIENT_FUNDS, also where what has come in cannot be asked for. */
async function checkFunds({ bank, network }: WalletView, amount: MicroMolt, signal: AbortSignal): Promise<void> {
  if (bank.spendable < amount) await asked(bank.receive(signal, network.quorum), signal)
  if (bank.spendable < amount)
    throw new ClawError('INSUFFICIENT_FUNDS', { needed: moltInWords(amount), available: moltInWords(bank.spendable) })
}

function nodeAt(party: string, { control: { state } }: Pick<OperationContext, 'control'>): string | null {
  const found = [...state.moltParts].find(([, part]) => part.party === party)
  return found === undefined ? null : nameOf(state, found[0])
}
