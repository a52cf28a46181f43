/** What the witnesses together know of an account. Its lines prove themselves; its balance is believed as far as no liar can raise it. */
import type { Network } from '../../core/molt/network.ts'
import { originOf, spendHash } from '../../core/molt/spend.ts'
import type { MicroMolt } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import type { Certificate } from '../../model/molt-line.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { type AccountAnswer, readAccount } from '../../wire/molt-witness.ts'
import { gather } from './gather.ts'
import { isFinal, type TeachDeps } from './teach.ts'

export interface ReadingDeps extends TeachDeps {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
}

export interface AccountReading {
  readonly account: string
  /** At least so much is on it: one more than may lie, of those who know its last line, say so. */
  readonly balance: MicroMolt
  /** Of its last line; 0 while there is none. */
  readonly sequence: number
  readonly head: string
  readonly last: Certificate | null
  /** How many witnesses have answered: always a quorum. */
  readonly answered: number
}

const patience = 10 * second

/** Throws NO_QUORUM, and the signal's reason. */
export async function readAnyAccount(deps: ReadingDeps, account: string, signal: AbortSignal): Promise<AccountReading> {
  const { network, rpc } = deps
  const told = await gather<AccountAnswer>(
    { ...deps, witnesses: network.witnesses },
    {
      ask: async (witness, asking) => {
        const answer = await rpc.call(witness, readAccount, { account }, asking)
        return isTrue(deps, account, answer) ? answer : null
      },
      isEnough: ({ size }) => size >= network.quorum,
      patience,
    },
    signal,
  )
  const [answered, needed] = [told.size, network.quorum]
  if (answered < needed) throw new ClawError('NO_QUORUM', { what: 'reading an account', answered, needed })
  const sequence = Math.max(...told.values().map((answer) => answer.sequence))
  const newest = [...told.values()].filter((answer) => answer.sequence === sequence)
  const balances = newest.map(({ balance }) => balance).toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0))
  const [first] = newest
  return {
    ...{ account, sequence, answered, last: first?.last ?? null, head: first?.head ?? originOf(account) },
    balance: balances[Math.min(network.faulty, balances.length - 1)] ?? 0n,
  }
}

/** Whether the last line shows that there are so many. */
function isTrue(deps: TeachDeps, account: string, { sequence, head, last }: AccountAnswer): boolean {
  if (sequence === 0) return last === null && head === originOf(account)
  const spend = last?.order.spend
  return (
    last !== null &&
    spend?.account === account &&
    spend.sequence === sequence &&
    spendHash(spend) === head &&
    isFinal(last, deps)
  )
}
