/** Those who wait for an answer of the group, and what becomes of them. */
import type { Answer, Effects, Refusal } from '../../core/consensus/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { Entry, Position } from '../../model/raft.ts'

interface Waiter<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: ClawError) => void
}

export class Waiting {
  #ids = 0
  /** Proposals and voter changes that are not in the log yet, by number. */
  readonly #asked = new Map<number, Waiter<Position>>()
  /** Those that are in this peer's log, by index. */
  readonly #placed = new Map<number, Waiter<Position> & { readonly term: number }>()
  readonly #reads = new Map<number, Waiter<number>>()

  proposal(): { readonly id: number; readonly committed: Promise<Position> } {
    const { promise, resolve, reject } = Promise.withResolvers<Position>()
    const id = ++this.#ids
    this.#asked.set(id, { resolve, reject })
    return { id, committed: promise }
  }

  read(): { readonly id: number; readonly index: Promise<number> } {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const id = ++this.#ids
    this.#reads.set(id, { resolve, reject })
    return { id, index: promise }
  }

  answered(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const waiter = this.#asked.get(answer.id)
      this.#asked.delete(answer.id)
      if (waiter === undefined) continue
      if (answer.ok) this.#placed.set(answer.at.index, { ...waiter, term: answer.at.term })
      else waiter.reject(refused(answer.refusal))
    }
  }

  applied(entries: readonly Entry[]): void {
    if (this.#placed.size === 0) return
    for (const { index, term } of entries) {
      const waiter = this.#placed.get(index)
      if (waiter === undefined) continue
      this.#placed.delete(index)
      if (waiter.term === term) waiter.resolve({ index, term })
      else waiter.reject(noLeader('another leader decided otherwise'))
    }
  }

  served(reads: Effects['reads']): void {
    for (const { id, index } of reads) {
      const waiter = this.#reads.get(id)
      this.#reads.delete(id)
      if (index === null) waiter?.reject(noLeader('this peer does not lead'))
      else waiter?.resolve(index)
    }
  }

  /** This peer leads no more: what it has in its log may or may not be committed by another. */
  lostLead(): void {
    for (const waiter of this.#placed.values()) waiter.reject(noLeader('this peer has lost the lead'))
    this.#placed.clear()
  }

  failAll(detail: string): void {
    const error = noLeader(detail)
    for (const waiter of [...this.#asked.values(), ...this.#placed.values(), ...this.#reads.values()])
      waiter.reject(error)
    this.#asked.clear()
    this.#placed.clear()
    this.#reads.clear()
  }
}

export const noLeader = (detail: string): ClawError => new ClawError('NO_LEADER', { detail })

function refused(refusal: Refusal): ClawError {
  switch (refusal) {
    case 'not-leader':
      return noLeader('this peer does not lead')
    case 'transferring':
      return noLeader('the lead is being handed over')
    case 'too-busy':
      return new ClawError('RATE_LIMITED', { who: 'the mesh' })
    case 'change-running':
      return new ClawError('INVALID_REQUEST', { problem: 'another change of the voters is not finished' })
    case 'no-such-change':
      return new ClawError('INVALID_REQUEST', { problem: 'the voters are so already, or there would be none left' })
    case 'not-ready':
      return new ClawError('INVALID_REQUEST', { problem: 'the peer does not follow the log closely enough to vote' })
  }
}
