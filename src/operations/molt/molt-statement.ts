/** What has come and gone on the account of a node, and whether every line of it, or of any other account, is as it has to be. */
import { z } from 'zod'
import { accountFileText, AccountFile, checkFile } from '../../core/molt/account-file.ts'
import { holdAccount } from '../../core/molt/agreement.ts'
import { networkOf } from '../../core/molt/network.ts'
import { statementCsv, statementOf, type StatementLine } from '../../core/molt/statement.ts'
import { checkAccount, checkBooks, type Verdict } from '../../core/molt/verify.ts'
import { checkEvidence, EvidenceFile } from '../../core/records/evidence.ts'
import { ClawError } from '../../model/failure.ts'
import { statementPeriods, type StatementPeriod } from '../../model/molt-lease.ts'
import { day, type Instant } from '../../model/time.ts'
import type { OperationContext } from '../context.ts'
import { iso, time } from '../fields.ts'
import { stream, unary } from '../operation.ts'
import { Money, money } from './molt-lease-view.ts'
import { look, node, partyCalled, where } from './molt-wallet.ts'
import { networkIn } from './molt-view.ts'

const period = z
  .enum(statementPeriods)
  .default('30d')
  .describe('The last days, the calendar month so far in UTC, or all there is')

function statementIn(context: OperationContext, wanted: StatementPeriod): readonly StatementLine[] {
  const { bank, network } = context.wallet.view()
  const from = beginOf(wanted, context.clock.now())
  return statementOf(bank.books, network).filter(({ at }) => at >= from)
}

function beginOf(wanted: StatementPeriod, now: Instant): Instant {
  if (wanted === 'all') return 0
  if (wanted !== 'month') return Math.max(0, now - (wanted === '7d' ? 7 : 30) * day)
  const today = new Date(now)
  return Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), 1)
}

export const moltStatement = unary({
  name: 'molt.statement',
  about: 'List what has come and gone on the account of a node, by its books.',
  input: z.strictObject({ period, limit: z.int().min(1).max(1_000).default(200).describe('The last so many'), node }),
  output: z.object({
    account: z.string(),
    balance: Money,
    left: z.int().describe('Older lines of the period that are not shown'),
    lines: z.array(
      z.object({
        at: time.describe('When the node heard of it'),
        kind: z.enum(['issue', 'hold', 'release', 'refund', 'fee', 'transfer']),
        change: Money,
        balance: Money.describe('After it'),
        other: z.string().describe('The other account'),
        purpose: z.string().nullable(),
        line: z.string().describe('Account and number of the line'),
      }),
    ),
  }),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/statement' },
  where,
  handler({ period: wanted, limit }, context) {
    const { bank, account } = context.wallet.view()
    const lines = statementIn(context, wanted)
    const shown = lines.slice(-limit).map((line) => ({
      ...{ at: iso(line.at), kind: line.kind, change: money(line.change), balance: money(line.balance) },
      ...{ other: line.from === account ? line.to : line.from, purpose: line.purpose },
      line: `${line.account}/${line.sequence}`,
    }))
    const left = lines.length - shown.length
    return Promise.resolve({ account, balance: money(bank.books.balance), left, lines: shown })
  },
})

/** Characters that are put together in one item. */
const partChars = 128 * 1_024

export const moltExport = stream({
  name: 'molt.export',
  about:
    'Read the account of a node as a file: a table, or all its lines with their signatures, which `clawbernetes molt verify FILE` checks.',
  input: z.strictObject({ period, format: z.enum(['csv', 'json']).default('csv'), node }),
  output: z.object({ text: z.string().describe('The next part of the file') }),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/export' },
  where,
  async *handler({ period: wanted, format }, context) {
    const { bank, account } = context.wallet.view()
    const statement = statementIn(context, wanted)
    const { genesis } = networkIn(context.control.state)
    // What comes in meanwhile is left out of both.
    const [sent, received] = [[...bank.books.sent], [...bank.books.received]]
    const pieces =
      format === 'csv' ? [statementCsv(statement)] : accountFileText({ genesis, account, statement, sent, received })
    let text = ''
    for (const piece of pieces) {
      text += piece
      for (; text.length >= partChars; text = text.slice(partChars)) yield { text: text.slice(0, partChars) }
    }
    yield { text }
  },
})

/** Lines that are checked before others have their turn. */
const atOnce = 8

async function checked(check: Generator<undefined, Verdict>, { clock }: OperationContext, signal: AbortSignal) {
  for (let lines = 1; ; lines += 1) {
    const step = check.next()
    if (step.done === true) return step.value
    if (lines % atOnce !== 0) continue
    await new Promise<void>((resolve) => clock.after(0, resolve))
    signal.throwIfAborted()
  }
}

export const moltVerify = unary({
  name: 'molt.verify',
  about:
    'Check every signature, link and sum of an account: of the books of a node, of what the witnesses have, or of a file.',
  input: z
    .strictObject({
      account: z.string().min(1).max(128).optional().describe('Any account: its lines are fetched from the witnesses'),
      file: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('What `molt statement --export json` or `molt dispute evidence` wrote'),
      node,
    })
    .refine(({ account, file }) => account === undefined || file === undefined, 'takes an account, or a file'),
  output: z.object({
    of: z.enum(['books', 'witnesses', 'file', 'evidence']),
    network: z.string().describe('Id of the network by whose rules it was checked'),
    account: z.string(),
    isWhole: z.boolean(),
    lines: z.int().nullable(),
    sequence: z.int().nullable().describe('Of its last own line'),
    balance: Money.nullable().describe('What the lines leave'),
    broken: z
      .object({ at: z.int().describe('Its place, from 1'), line: z.string(), problem: z.string() })
      .nullable()
      .describe('The first that is not as it has to be'),
  }),
  permission: look,
  rest: { method: 'POST', path: '/api/molt/verify' },
  where,
  async handler({ account: wanted, file }, context, { signal }) {
    const { verifier } = context
    if (file !== undefined) {
      const put = EvidenceFile.safeParse(file)
      if (put.success) {
        const { evidence, network: genesis } = put.data
        const rules = { network: networkOf(genesis), verifier }
        const verdict = await checked(checkEvidence(evidence, rules), context, signal)
        return view(verdict, { of: 'evidence', network: rules.network.id, account: holdAccount(evidence.agreement) })
      }
      const read = readFile(file)
      const verdict = await checked(checkFile(read, verifier), context, signal)
      return view(verdict, { of: 'file', network: networkOf(read.network).id, account: read.account })
    }
    const { bank, account, network, lines } = context.wallet.view()
    const rules = { network, verifier }
    if (wanted === undefined) {
      const entries = await bank.keeper.entries()
      const verdict = await checked(checkBooks(entries, account, rules), context, signal)
      return view(verdict, { of: 'books', network: network.id, account })
    }
    const of = partyCalled(wanted, context, account)
    const verdict = await checked(checkAccount(of, await lines(of, signal), rules), context, signal)
    return view(verdict, { of: 'witnesses', network: network.id, account: of })
  },
})

/** Throws INVALID_REQUEST. */
function readFile(file: unknown): AccountFile {
  const read = AccountFile.safeParse(file)
  if (read.success) return read.data
  const [first] = read.error.issues
  const problem = [...(first?.path ?? []), first?.message ?? ''].join(' ')
  throw new ClawError('INVALID_REQUEST', { problem: `that is no account as \`molt statement\` writes it: ${problem}` })
}

interface About {
  readonly of: 'books' | 'witnesses' | 'file' | 'evidence'
  readonly network: string
  readonly account: string
}

const view = (verdict: Verdict, about: About) =>
  verdict.ok
    ? {
        ...{ ...about, isWhole: true, lines: verdict.lines, sequence: verdict.sequence },
        ...{ balance: money(verdict.balance), broken: null },
      }
    : {
        ...{ ...about, isWhole: false, lines: null, sequence: null, balance: null },
        broken: { at: verdict.at, line: verdict.line, problem: verdict.problem },
      }
