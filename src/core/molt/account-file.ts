/** An account as a file that anybody can check: the rules of its network, all lines that concern it, and what its owner says of them. */
import { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { accountName, Certificate } from '../../model/molt-line.ts'
import type { Verifier } from '../../ports/signer.ts'
import { Genesis, networkOf } from './network.ts'
import { spendHash } from './spend.ts'
import { statementRow, type StatementLine } from './statement.ts'
import { checkAccount, type Verdict } from './verify.ts'

const accountFormat = 'clawbernetes molt account 1'

const whole = z.string().regex(/^(0|-?[1-9]\d{0,19})$/)
const Row = z.object({
  ...{ from: accountName, to: accountName, amount: whole, change: whole, balance: whole },
  ...{ account: accountName, sequence: z.int().min(1), hash: z.string().max(64) },
})

export const AccountFile = z.object({
  format: z.literal(accountFormat),
  network: Genesis,
  account: accountName,
  /** Of what was asked for; where it is not all, it begins with what there was before. */
  statement: z.array(Row),
  /** All of its own lines, and all that pay to it: a chain is checked from its beginning or not at all. */
  sent: z.array(Certificate),
  received: z.array(Certificate),
})
export type AccountFile = z.infer<typeof AccountFile>

interface Written {
  /** The genesis as it is written. */
  readonly genesis: unknown
  readonly account: string
  readonly statement: readonly StatementLine[]
  readonly sent: readonly Certificate[]
  readonly received: readonly Certificate[]
}

/** Line by line: an account may have many. */
export function* accountFileText({ genesis, account, statement, sent, received }: Written): Generator<string> {
  yield `{"format":${JSON.stringify(accountFormat)},"account":${JSON.stringify(account)},"network":${canonicalJson(genesis)}`
  const rows = statement.values().map(statementRow)
  for (const [name, items] of [
    ['statement', rows] as const,
    ['sent', sent] as const,
    ['received', received] as const,
  ]) {
    yield `,\n"${name}":[`
    let isFirst = true
    for (const item of items) {
      yield `${isFirst ? '' : ','}\n${canonicalJson(item)}`
      isFirst = false
    }
    yield ']'
  }
  yield '}\n'
}

/** Lines by the rules of the network, then the statement by the lines. Pauses after each line. */
export function* checkFile(file: AccountFile, verifier: Verifier): Generator<undefined, Verdict> {
  const { account, sent, received, statement } = file
  const verdict = yield* checkAccount(account, { sent, received }, { network: networkOf(file.network), verifier })
  if (!verdict.ok) return verdict
  const lines = new Map([...sent, ...received].map(({ order }) => [spendHash(order.spend), order.spend]))
  let before: bigint | null = null
  for (const [place, row] of statement.entries()) {
    const broken = (problem: string): Verdict => ({
      ...{ ok: false, at: place + 1, line: `${row.account}/${row.sequence}`, problem: `the statement: ${problem}` },
    })
    const spend = lines.get(row.hash)
    const isIn = spend?.outputs.some(({ to, amount }) => to === row.to && `${amount}` === row.amount) === true
    if (spend?.account !== row.from || row.account !== row.from || spend.sequence !== row.sequence || !isIn)
      return broken('no line says that')
    const [amount, change, balance] = [BigInt(row.amount), BigInt(row.change), BigInt(row.balance)]
    if (change !== (row.from === account ? -amount : row.to === account ? amount : null))
      return broken('the change is not what the line says')
    if (before !== null && balance !== before + change) return broken('the balance does not follow')
    before = balance
  }
  return before === null || before === verdict.balance
    ? verdict
    : { ok: false, at: statement.length, line: 'statement', problem: 'it does not end with what the lines leave' }
}
