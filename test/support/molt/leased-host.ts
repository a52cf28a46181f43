/** A lease whose work leaves something for its buyer, with its runner, in virtual time; what the engine does is up to the test. */
import type { Lease, LeaseInput } from '../../../src/core/molt/market/lease.ts'
import { leaseStep, newLease } from '../../../src/core/molt/market/lease.ts'
import type { WorkSight } from '../../../src/core/molt/market/lease-work.ts'
import { termsOf } from '../../../src/core/molt/market/terms.ts'
import { emptyBooks } from '../../../src/core/molt/books.ts'
import { minute } from '../../../src/model/time.ts'
import { silent } from '../../../src/ports/log.ts'
import type { GuestData } from '../../../src/services/molt/lending/guest-data.ts'
import type { GuestWork } from '../../../src/services/molt/lending/guest-work.ts'
import { LeaseRunner } from '../../../src/services/molt/lending/lease-runner.ts'
import { LeaseStore } from '../../../src/services/molt/lending/lease-store.ts'
import { SimDisk } from '../../../src/simulation/disk.ts'
import { simSigner } from '../../../src/simulation/signer.ts'
import { seededRandom, World } from '../../../src/simulation/world.ts'
import { aWant, decided, now } from './market.ts'
import { agreed, network, provider } from './samples.ts'

const outputs = { inputs: 0, outputs: 2 ** 30, image: 0 }

/** One that is paid for, and runs. */
export function runningLease(): Lease {
  const asked = { data: outputs, duration: 10 * minute }
  const decision = decided({ want: asked, situation: { room: 2 ** 40 } })
  if (decision.type === 'decline') throw new Error(decision.reason)
  const terms = termsOf(decision.bid, aWant(asked), { job: 'job', hold: decision.bid.credit * 4n, at: now })
  const steps: readonly LeaseInput[] = [
    { type: 'agreed', agreement: agreed(terms) },
    { type: 'funded' },
    { type: 'started' },
  ]
  const bid = newLease({ bid: decision.bid, signature: '' }, aWant(asked), ['G0', 'G1'], now)
  return steps.reduce((lease, input) => leaseStep(lease, input, now), bid)
}

export const closedAt = { type: 'closed', outcome: { how: 'agreed', paid: 0n } } as const

export class LeasedHost {
  readonly world = new World(1, now)
  readonly store = new LeaseStore(new SimDisk({ random: seededRandom(1) }))
  readonly runner: LeaseRunner
  /** What is wiped: whether also what the work has left. */
  readonly wiped: boolean[] = []
  /** Agreements whose data a sweep has left alone. */
  readonly swept: ReadonlySet<string>[] = []
  readonly lease: Lease
  sight: WorkSight = { is: 'running' }
  /** What the engine answers to be done next. */
  wipe: () => Promise<void> = () => Promise.resolve()
  isWithin: () => Promise<boolean> = () => Promise.resolve(true)

  constructor(lease: Lease) {
    this.lease = lease
    const nothing = (): Promise<void> => Promise.resolve()
    const work = {
      ...{ sight: () => this.sight, placement: () => null, submit: nothing, stop: nothing, hold: nothing },
      ...{ strays: () => [], end: nothing, fresh: nothing, onChange: () => () => {} },
    } as unknown as GuestWork
    const data = {
      wipe: (_: Lease, { outputs: all }: { readonly outputs: boolean }) => {
        this.wiped.push(all)
        return this.wipe()
      },
      isWithin: () => this.isWithin(),
      sweep: (known: ReadonlySet<string>) => Promise.resolve(void this.swept.push(known)),
    } as unknown as GuestData
    this.runner = new LeaseRunner({
      ...{ network, signer: simSigner(provider), store: this.store, work, data, callOff: nothing },
      bank: {
        ...{ books: emptyBooks(network.id, provider), onLine: () => () => {} },
        close: () => new Promise<never>(() => {}),
      },
      ...{ isTaken: () => false, onLeft: () => {}, clock: this.world, log: silent },
    })
  }

  get now(): Lease | null {
    return this.store.get(this.lease.key)
  }

  async start(): Promise<void> {
    await this.store.open()
    await this.store.put(this.lease)
    await this.runner.start()
    this.#beat()
    await this.world.runFor(1)
  }

  /** Something always happens in this world, so that time does not run ahead of what is still being done. */
  #beat(): void {
    this.world.after(50, () => this.#beat())
  }

  step(input: LeaseInput): Promise<Lease | null> {
    return this.runner.step(this.lease.key, input)
  }
}
