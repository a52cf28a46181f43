/** Keeps submissions on disk while there is no leader, and hands them to the mesh one after the other when there is one. */
import type { Spool, Spooled } from '../../core/spool/spool.ts'
import { changed, decodeSpool, encodeSpool, keep, spooledBy, waiting, without } from '../../core/spool/spool.ts'
import { ClawError, failureBody, isClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'

export interface SpoolDeps {
  readonly control: Pick<Control, 'execute' | 'status' | 'onRole' | 'fresh'>
  /** Whether whoever submitted it still may: throws AUTH_FAILED and PERMISSION_DENIED. */
  readonly check: (submission: Spooled) => void
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob' | 'removeBlob'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

const fileName = 'spool'
/** How long the mesh may take for one. */
const patience: Millis = 20 * second

/**
 * After these it is not known whether the mesh has it, so it is handed over again, by the next build where this one is outdated.
 * Everything else is the mesh's own answer.
 */
const passing = ['NO_LEADER', 'DEADLINE_EXCEEDED', 'NODE_UNREACHABLE', 'VERSION_UNSUPPORTED'] as const
const isPassing = (error: unknown): boolean => passing.some((code) => ClawError.is(error, code))

export class SpoolService implements Service {
  readonly name = 'spool'
  readonly #deps: SpoolDeps
  readonly #loop: Loop
  #spool: Spool = []
  /** Changes, one after the other: on disk first, then visible. */
  #queue: Promise<unknown> = Promise.resolve()
  #sending: { readonly command: string; readonly abort: AbortController } | null = null
  #unsubscribe: Unsubscribe = () => {}

  constructor(deps: SpoolDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: second, pause: 50 }, (signal) => this.#handOver(signal))
  }

  async start(): Promise<void> {
    const { control, disk, log } = this.#deps
    const bytes = await disk.readBlob(fileName)
    const read = bytes === null ? [] : decodeSpool(bytes)
    if (bytes !== null && read === null) {
      await disk.writeBlob(`${fileName}.damaged`, bytes, { secret: true })
      await disk.removeBlob(fileName)
      log.error('the spool is damaged and was set aside; submissions that it held are lost', { file: fileName })
    }
    this.#show(read ?? [])
    if (this.#spool.length > 0) log.info('submissions wait in the spool', { count: this.#spool.length })
    this.#unsubscribe = control.onRole(() => this.#loop.wake())
    this.#loop.start()
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    await this.#loop.stop()
    await this.#queue
  }

  entries(): Spool {
    return this.#spool
  }

  /** Returns when it is on disk; the same command is kept once. Throws SPOOL_FULL and DISK_FULL. */
  async keep(submission: Spooled): Promise<Spooled> {
    await this.#change((spool) => keep(spool, submission))
    this.#loop.wake()
    return spooledBy(this.#spool, submission.command) ?? submission
  }

  /** Gives one up. What was tried may have taken effect all the same. */
  async drop(command: string): Promise<void> {
    if (this.#sending?.command === command) this.#sending.abort.abort(new ClawError('NO_LEADER', { detail: 'dropped' }))
    await this.#change((spool) => without(spool, command))
  }

  async #handOver(signal: AbortSignal): Promise<void> {
    for (const submission of waiting(this.#spool)) {
      if (signal.aborted || this.#deps.control.status().leader === null) return
      if (!(await this.#handOne(submission, signal))) return
    }
  }

  /** Whether the mesh has answered. */
  async #handOne(submission: Spooled, signal: AbortSignal): Promise<boolean> {
    const { control, check, clock, log } = this.#deps
    const { command, workload, name, spec, by } = submission
    const abort = new AbortController()
    this.#sending = { command, abort }
    const late = clock.after(patience, () => abort.abort())
    try {
      const within = AbortSignal.any([signal, abort.signal])
      // What was taken away meanwhile, this peer may have yet to hear of.
      await control.fresh('linearizable', within)
      check(submission)
      await this.#change((spool) => changed(spool, command, { isTried: true }))
      if (spooledBy(this.#spool, command) === null) return true
      await control.execute({ type: 'submit', workload, name, spec }, { id: command, by, signal: within })
      await this.#change((spool) => without(spool, command))
      log.info('the mesh has taken a submission from the spool', { workload, name })
      return true
    } catch (error) {
      if (!isClawError(error) || ClawError.is(error, 'DISK_FULL')) throw error
      if (isPassing(error)) return false
      await this.#change((spool) => changed(spool, command, { refusal: failureBody(error) }))
      log.warn('the mesh refused a submission from the spool', { workload, name, code: error.code })
      return true
    } finally {
      late()
      this.#sending = null
    }
  }

  #change(by: (spool: Spool) => Spool): Promise<void> {
    const done = this.#queue.then(async () => {
      const after = by(this.#spool)
      if (after === this.#spool) return
      if (after.length === 0) await this.#deps.disk.removeBlob(fileName)
      else await this.#deps.disk.writeBlob(fileName, encodeSpool(after), { secret: true })
      this.#show(after)
    })
    this.#queue = done.catch(() => 'the one who asked hears of it')
    return done
  }

  #show(spool: Spool): void {
    this.#spool = spool
    this.#deps.metrics.gauge('claw_spool_entries', spool.length)
  }
}
