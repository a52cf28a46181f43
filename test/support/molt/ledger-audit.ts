/**
 * All accounts of a network, computed from the lines that its witnesses have on their disks and from nothing that the product says of
 * them: sums of what went in and out, and for each agreement what its own terms say.
 */
import type { Terms } from '../../../src/core/molt/agreement.ts'
import { decodeWitnessRecord, type WitnessRecord } from '../../../src/core/molt/witness-record.ts'
import type { Certificate } from '../../../src/model/molt-line.ts'
import { JournalTail } from './journal-tail.ts'

export interface Rules {
  readonly issuer: string
  readonly limit: bigint
  readonly feeBps: bigint
  readonly feeTo: string
}

/** How an agreement ended, by its own line. */
export interface Closed {
  readonly terms: Terms
  readonly how: string
  readonly held: bigint
  readonly paid: bigint
  readonly fee: bigint
}

/** Of one witness: its log goes on over several journals. */
class WitnessLog {
  readonly #stem: string
  readonly #tails: JournalTail[] = []

  constructor(stem: string) {
    this.#stem = stem
  }

  read(): readonly WitnessRecord[] {
    const found: WitnessRecord[] = []
    for (let segment = 0; ; segment += 1) {
      const tail = (this.#tails[segment] ??= new JournalTail(`${this.#stem}-${segment}.journal`))
      const records = tail.read()
      // An empty record says that another journal follows.
      found.push(...records.filter(({ length }) => length > 0).map(decoded))
      if (records.at(-1)?.length !== 0 && segment === this.#tails.length - 1) return found
    }
  }
}

function decoded(bytes: Buffer): WitnessRecord {
  const record = decodeWitnessRecord(bytes)
  if (record === null) throw new Error('a witness has written what cannot be read')
  return record
}

export class LedgerAudit {
  readonly #rules: Rules
  readonly #logs: readonly WitnessLog[]
  readonly #lines = new Map<string, string>()
  readonly balances = new Map<string, bigint>()
  /** By account. */
  readonly closed = new Map<string, Closed>()
  /** What may not be, in words. */
  readonly problems: string[] = []

  /** `stems`: where the logs of the witnesses are, without the number of a journal. */
  constructor(rules: Rules, stems: readonly string[]) {
    this.#rules = rules
    this.#logs = stems.map((stem) => new WitnessLog(stem))
  }

  /** Takes all lines into account that any witness holds for final by now. */
  read(): this {
    const lines = this.#logs
      .flatMap((log) => log.read())
      .flatMap((record) => (record.type === 'final' ? [record.line] : []))
    for (const line of lines) this.#enter(line)
    for (const [account, balance] of this.balances)
      if (balance < (account === this.#rules.issuer ? -this.#rules.limit : 0n))
        this.problems.push(`${account} has ${balance} µMOLT`)
    return this
  }

  balanceOf(account: string): bigint {
    return this.balances.get(account) ?? 0n
  }

  /** Of all accounts together: nothing, as credit is what its issuer owes. */
  get total(): bigint {
    return [...this.balances.values()].reduce((sum, balance) => sum + balance, 0n)
  }

  /** Agreements for which something is set aside still. */
  get open(): readonly string[] {
    return [...this.balances]
      .filter(([account, balance]) => account.startsWith('agr-') && balance !== 0n)
      .map(([account]) => account)
  }

  #enter({ order }: Certificate): void {
    const { spend, right } = order
    const { account, sequence, outputs } = spend
    const key = `${account}/${sequence}`
    const text = JSON.stringify(outputs.map(({ to, amount }) => [to, String(amount)]))
    const known = this.#lines.get(key)
    if (known !== undefined && known !== text) this.problems.push(`two lines are final as ${key}`)
    if (known !== undefined) return
    this.#lines.set(key, text)
    for (const { to, amount } of outputs) {
      this.balances.set(account, this.balanceOf(account) - amount)
      this.balances.set(to, this.balanceOf(to) + amount)
    }
    if (right.type === 'closing' && sequence === 1)
      this.#close(account, outputs, right.agreement.terms, right.closing.how)
  }

  /** What was set aside has to be shared as the rules say, to the µMOLT. */
  #close(account: string, outputs: readonly { to: string; amount: bigint }[], terms: Terms, how: string): void {
    const to = (party: string): bigint =>
      outputs.filter((output) => output.to === party).reduce((sum, { amount }) => sum + amount, 0n)
    const held = outputs.reduce((sum, { amount }) => sum + amount, 0n)
    const fee = to(this.#rules.feeTo)
    const paid = to(terms.provider) + fee
    this.closed.set(account, { terms, how, held, paid, fee })
    if (fee !== (paid * this.#rules.feeBps) / 10_000n) this.problems.push(`${account}: a fee of ${fee} for ${paid}`)
    if (held !== terms.hold) this.problems.push(`${account}: ${held} set aside, ${terms.hold} agreed`)
    if (to(terms.buyer) !== held - paid)
      this.problems.push(`${account}: ${to(terms.buyer)} back of ${held}, ${paid} paid`)
  }
}
