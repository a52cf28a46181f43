/** What is done for a lease that takes its time: its work is begun and ended, what that leaves is watched and wiped, and its agreement closed. */
import { agreementId } from '../../../core/molt/agreement.ts'
import type { Lease, LeaseInput } from '../../../core/molt/market/lease.ts'
import { isImageShared } from '../../../core/molt/market/lease-change.ts'
import type { WipeDuty } from '../../../core/molt/market/lease-data.ts'
import type { Network } from '../../../core/molt/network.ts'
import { closedAt } from '../../../core/molt/spend.ts'
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import { type Instant, type Millis, second } from '../../../model/time.ts'
import type { Log } from '../../../ports/log.ts'
import type { Signer } from '../../../ports/signer.ts'
import type { Loop } from '../../gateway/loop.ts'
import type { Bank } from '../bank.ts'
import { type Errands, isPassing } from './errands.ts'
import { Freshness } from './freshness.ts'
import { type ClosingDuty, leaseClosing } from './lease-closing.ts'
import type { GuestData } from './guest-data.ts'
import type { GuestWork } from './guest-work.ts'
import type { LeaseStore } from './lease-store.ts'

export interface LeaseErrandsDeps {
  readonly network: Network
  readonly signer: Signer
  readonly store: LeaseStore
  readonly work: GuestWork
  readonly data: GuestData
  /** Returns when nothing is taken in for it any more. */
  readonly callOff: (agreement: Hash) => Promise<void>
  readonly bank: Pick<Bank, 'close'>
  readonly log: Log
  readonly step: (key: Hash, input: LeaseInput) => Promise<Lease | null>
  readonly now: () => Instant
}

/** One lease, as far as errands are about it. */
export interface Attended {
  readonly loop: Pick<Loop, 'wake'>
  readonly errands: Errands
  /** Whether what nobody is to have any more of it is gone. */
  isTidied: boolean
  /** When it was looked last how much its work has left. */
  measuredAt: Instant
  /** Since when that could not be told, and how often it was tried since; null when it could be told last. */
  blind: { readonly since: Instant; readonly looks: number } | null
}

/** How much work has left is looked at so often, where no file system bounds it. */
const measureEvery: Millis = 3 * second
/** Work of which nobody can tell how much it leaves is not let on for longer; an engine may be started anew meanwhile. */
const mostBlind = { span: 20 * second, looks: 3 } as const

export class LeaseErrands {
  readonly #deps: LeaseErrandsDeps
  readonly #end: AbortSignal
  readonly #freshness = new Freshness()

  constructor(deps: LeaseErrandsDeps, end: AbortSignal) {
    this.#deps = deps
    this.#end = end
  }

  /** Whether what is seen of work is as new as when this daemon began. */
  get isFresh(): boolean {
    return this.#freshness.isThere
  }

  /** Throws NO_LEADER. */
  refresh(): Promise<void> {
    return this.#freshness.reach(() => this.#deps.work.fresh(this.#end))
  }

  submit(lease: Lease, { errands, loop }: Attended): void {
    const { store, work, data, log, step } = this.#deps
    const { key, agreement } = lease
    if (agreement === null || work.sight(lease).is !== 'absent') return
    errands.do('submit', async () => {
      const what = await store.work(agreementId(agreement))
      try {
        if (what === null) throw new ClawError('INVALID_REQUEST', { problem: 'what is to run was lost' })
        await data.prepare(lease, what, this.#end)
        await work.submit(lease, what, this.#end)
      } catch (error) {
        if (!isClawError(error) || isPassing(error) || this.#end.aborted) throw error
        log.warn('the work of a lease was refused', { lease: key, reason: error.message })
        await step(key, { type: 'ended', isFailed: true })
      }
      loop.wake()
    })
  }

  async stop(lease: Lease, { errands }: Attended): Promise<void> {
    const { work, step } = this.#deps
    if (this.isFresh && work.sight(lease).is === 'over') {
      await step(lease.key, { type: 'stopped' })
      return
    }
    errands.do('stop', async () => {
      await errands.settled('submit')
      await this.refresh()
      // When it is gone the mesh says so; until then it is looked at with the others.
      if (work.sight(lease).is === 'absent') await step(lease.key, { type: 'stopped' })
      else await work.stop(lease, this.#end)
    })
  }

  /** Work that leaves more than was agreed on ends, and so does that of which it cannot be told: its owner's disk is not for that. */
  measure(lease: Lease, attended: Attended): void {
    const { data, log, step, now } = this.#deps
    if ((lease.agreement?.terms.data?.outputs ?? 0) === 0 || now() - attended.measuredAt < measureEvery) return
    attended.loop.wake(measureEvery)
    attended.errands.do('measure', async () => {
      const began = now()
      let isBlind = false
      try {
        const isWithin = await data.isWithin(lease, this.#end)
        attended.blind = null
        if (isWithin) return
        log.warn('the work of a lease leaves more than was agreed on', { lease: lease.key })
      } catch (error) {
        if (!isClawError(error) || this.#end.aborted) throw error
        const { since, looks } = attended.blind ?? { since: began, looks: 0 }
        attended.blind = { since, looks: looks + 1 }
        if (looks + 1 < mostBlind.looks || now() - since < mostBlind.span) throw error
        isBlind = true
        log.warn('the work of a lease ends, as it cannot be told how much it leaves', { reason: error.message })
      } finally {
        attended.measuredAt = now()
      }
      // That the engine does not tell is its owner's trouble, and not for the guest to answer for.
      if (isBlind) await step(lease.key, { type: 'reclaim' })
      await step(lease.key, { type: 'ended', isFailed: true })
    })
  }

  wipe(lease: Lease, { outputs }: WipeDuty, attended: Attended): void {
    const { store, work, data, callOff, step } = this.#deps
    if (!outputs && attended.isTidied) return
    attended.errands.do('wipe', async () => {
      await attended.errands.settled('stop')
      if (lease.agreement !== null) await callOff(agreementId(lease.agreement))
      const wiping = {
        placement: work.placement(lease),
        outputs,
        isImageShared: () => isImageShared(lease, store.all()),
      }
      await data.wipe(lease, wiping, this.#end)
      attended.isTidied = true
      if (outputs) await step(lease.key, { type: 'wiped' })
    })
  }

  close({ key, agreement }: Lease, duty: ClosingDuty, { errands, loop }: Attended): void {
    const { bank, step } = this.#deps
    if (agreement === null) return
    errands.do('close', async () => {
      const closing = leaseClosing(agreementId(agreement), duty, this.#deps)
      const line = await bank.close(agreement, closing, { signal: this.#end })
      const outcome = closedAt(line.order)
      if (outcome !== null) await step(key, { type: 'closed', outcome })
      loop.wake()
    })
  }
}
