/**
 * Whose turn it is. A higher priority goes first, whoever it belongs to; of equal priorities the namespace that has had least for its
 * weight; within a namespace the oldest.
 */
import type { Workload } from '../../model/workload.ts'
import type { Ask } from './ask.ts'
import { asksOf, compareAge } from './ask.ts'
import type { Accounts } from './share.ts'
import { placedCost } from './share.ts'

/** Of one namespace and one priority, oldest first. */
interface Line {
  readonly namespace: string
  readonly asks: readonly Ask[]
  next: number
}

export class Turns {
  readonly #accounts: Accounts
  readonly #shares: Map<string, number>
  /** The lines of each priority, the highest first. */
  readonly #levels: Line[][]

  constructor(pending: readonly Workload[], accounts: Accounts) {
    this.#accounts = accounts
    this.#shares = new Map(Array.from(accounts, ([name, { share }]) => [name, share]))
    const levels = Map.groupBy(asksOf(pending), ({ lead }) => lead.spec.priority)
    this.#levels = [...levels]
      .toSorted(([a], [b]) => b - a)
      .map(([, asks]) =>
        [...Map.groupBy(asks, ({ lead }) => lead.spec.namespace)].map(([namespace, all]) => ({
          ...{ namespace, next: 0 },
          asks: all.toSorted((a, b) => compareAge(a.lead, b.lead)),
        })),
      )
  }

  /** Each once. What was placed meanwhile counts. */
  *[Symbol.iterator](): Generator<Ask> {
    for (const lines of this.#levels)
      for (let line = this.#nextLine(lines); line !== undefined; line = this.#nextLine(lines)) {
        const ask = line.asks[line.next]
        line.next += 1
        if (ask !== undefined) yield ask
      }
  }

  placed({ lead, parts }: Ask): void {
    const { namespace } = lead.spec
    const weight = this.#accounts.get(namespace)?.weight ?? 1
    this.#shares.set(namespace, this.#shareOf(namespace) + placedCost(lead, parts.length, weight))
  }

  #nextLine(lines: readonly Line[]): Line | undefined {
    let best: Line | undefined
    for (const line of lines) {
      const ask = line.asks[line.next]
      if (ask === undefined) continue
      const before = best?.asks[best.next]
      if (best === undefined || before === undefined) best = line
      else {
        const order = this.#shareOf(line.namespace) - this.#shareOf(best.namespace) || compareAge(ask.lead, before.lead)
        if (order < 0) best = line
      }
    }
    return best
  }

  #shareOf(namespace: string): number {
    return this.#shares.get(namespace) ?? 0
  }
}

/** The order of the queue if nothing were placed before anybody’s turn. */
export const inOrder = (pending: readonly Workload[], accounts: Accounts): readonly Ask[] => [
  ...new Turns(pending, accounts),
]
