/** Has this node in the MOLT network of its mesh for as long as it takes part, or is one of its witnesses. */
import { rulesOf } from '../../core/state/molt.ts'
import type { MoltNetwork } from '../../core/state/molt-commands.ts'
import type { Change } from '../../core/state/types.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { MoltMode, MoltPart } from '../../model/molt.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { MarketKey } from '../../ports/keys.ts'
import type { Log } from '../../ports/log.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import { type Participation, readPart, writePart } from './part-file.ts'
import { PartReporter } from './part-reporter.ts'
import type { MoltPlane, OpenedPlane } from './plane.ts'
import type { Molt, MoltStatus } from './types.ts'

export interface MoltDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'onChange' | 'execute'>
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob' | 'removeBlob'>
  readonly clock: Clock
  readonly log: Log
  readonly keys: { read(): Promise<MarketKey | null>; make(): Promise<MarketKey> }
  /** Makes what runs in the network, and starts none of it. */
  openPlane(network: MoltNetwork, key: MarketKey, part: () => Participation | null): Promise<OpenedPlane>
}

interface Running extends OpenedPlane {
  readonly network: string
}

/** A host that could not be started is tried again after this. */
const again: Millis = 10 * second

export class MoltService implements Service, Molt {
  readonly name = 'molt'
  readonly #deps: MoltDeps
  readonly #reporter: PartReporter
  #key: MarketKey | null = null
  #part: Participation | null = null
  #running: Running | null = null
  #problem: string | null = null
  /** It has been looked at once what this node is to be. */
  #isSettled = false
  #isStopped = false
  #last: Promise<unknown> = Promise.resolve()
  #unsubscribe: () => void = () => {}
  #stopTimer: () => void = () => {}

  constructor(deps: MoltDeps) {
    this.#deps = deps
    this.#reporter = new PartReporter({ ...deps, part: () => this.#told() })
  }

  async start(): Promise<void> {
    const { keys, disk, control } = this.#deps
    this.#isStopped = false
    this.#key = await keys.read()
    this.#part = await readPart(disk)
    this.#unsubscribe = control.onChange((changes: readonly Change[]) => {
      if (changes.some(({ type }) => type === 'molt' || type === 'mesh')) this.#look()
    })
    this.#reporter.start()
    this.#look()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#unsubscribe()
    this.#stopTimer()
    await this.#reporter.stop()
    await this.#inTurn(() => this.#close())
  }

  status(): MoltStatus {
    const { peers } = this.#running?.plane ?? {}
    return {
      part: this.#part,
      party: this.#key?.id ?? null,
      isWitness: this.#isWitness(),
      isConnected: this.#running !== null,
      problem: this.#problem,
      peers: peers?.up() ?? [],
      addresses: peers?.addresses() ?? [],
    }
  }

  identity(): Promise<NodeId> {
    return this.#inTurn(async () => (await this.#ownKey()).id)
  }

  join(mode: MoltMode): Promise<void> {
    return this.#inTurn(async () => {
      const { control, clock } = this.#deps
      const { moltNetwork, mesh } = control.state
      if (moltNetwork === null) throw new ClawError('MOLT_NO_NETWORK', { mesh: mesh?.genesis.name ?? '' })
      await this.#ownKey()
      const before = this.#part
      const since = before?.mode === mode ? before.since : clock.now()
      await this.#takePart({ mode, since })
      try {
        await this.#settle()
      } catch (error) {
        await this.#takePart(before)
        throw error
      }
    })
  }

  leave(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#takePart(null)
      await this.#settle()
    })
  }

  plane(): MoltPlane {
    if (this.#running !== null) return this.#running.plane
    const { moltNetwork } = this.#deps.control.state
    const reason =
      this.#problem ??
      (moltNetwork === null ? 'the mesh takes part in none' : `it takes no part in ${moltNetwork.genesis.name}`)
    throw new ClawError('MOLT_NOT_CONNECTED', { reason })
  }

  /** Kept before it counts, so that it is the same after a crash. */
  async #takePart(part: Participation | null): Promise<void> {
    await writePart(this.#deps.disk, part)
    this.#part = part
  }

  /** One after another: what a node is to be can change while it becomes it. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#last.then(run)
    this.#last = done.catch(() => 'whoever asked for it is told')
    return done
  }

  /** Becomes what it is to be, again and again until that works. */
  #look(): void {
    this.#inTurn(() => this.#settle()).catch((error: unknown) => {
      // A bug is thrown on: whoever owns the process decides what becomes of it.
      if (!isClawError(error)) throw error
      const { clock, log } = this.#deps
      log.warn('the market host could not be started', { reason: error.message })
      this.#stopTimer()
      if (!this.#isStopped) this.#stopTimer = clock.after(again, () => this.#look())
    })
  }

  /** Throws why the host cannot be. */
  async #settle(): Promise<void> {
    if (this.#isStopped) return
    const wanted = this.#wanted()
    try {
      if (this.#running !== null && this.#running.network !== wanted?.id) await this.#close()
      if (wanted !== null && this.#running === null) await this.#open(wanted)
      this.#problem = null
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error)
      throw error
    } finally {
      this.#isSettled = true
      this.#reporter.wake()
    }
  }

  async #open(network: MoltNetwork): Promise<void> {
    const opened = await this.#deps.openPlane(network, await this.#ownKey(), () => this.#part)
    await opened.service.start()
    this.#running = { ...opened, network: network.id }
    this.#deps.log.info('takes part in a MOLT network', { network: network.id, party: opened.plane.party })
  }

  async #close(): Promise<void> {
    const running = this.#running
    this.#running = null
    await running?.service.stop()
  }

  /** The network to be in; null for none. */
  #wanted(): MoltNetwork | null {
    const { moltNetwork } = this.#deps.control.state
    return this.#part !== null || this.#isWitness() ? moltNetwork : null
  }

  #isWitness(): boolean {
    const { moltNetwork } = this.#deps.control.state
    return moltNetwork !== null && this.#key !== null && rulesOf(moltNetwork.genesis).witnesses.includes(this.#key.id)
  }

  async #ownKey(): Promise<MarketKey> {
    this.#key ??= await this.#deps.keys.make()
    return this.#key
  }

  /** What the mesh is to know. Nothing is said while a host that is wanted is not up: it will be, where it was. */
  #told(): MoltPart | null | undefined {
    if (!this.#isSettled) return undefined
    if (this.#wanted() === null) return null
    if (this.#running === null || this.#key === null) return undefined
    const { plane } = this.#running
    const addresses = plane.peers.addresses().slice(0, 32)
    const since = this.#part?.since ?? this.#deps.control.state.moltNetwork?.since ?? 0
    return { party: plane.party, mode: this.#part?.mode ?? null, since, addresses }
  }
}
