/** The backups of this node: makes those that the mesh wants made here, one after the other, takes those away that it wants no more, and reads them. */
import { nextInTurn } from '../../core/backup/turn.ts'
import type { CommandOf } from '../../core/state/types.ts'
import { Bell } from '../../lib/bell.ts'
import type { Backup, BackupFile } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { BackupStore } from '../../ports/backups.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { readVolume } from '../../wire/volume.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'
import type { ContentDeps } from './backup-content.ts'
import { contentFor } from './backup-content.ts'
import { damageOf, readFile, readManifest, writeFile, writeManifest } from './backup-files.ts'
import { giveVolume } from './give-volume.ts'
import type { PlaceDeps } from './places.ts'
import { clearingPatience, whileAlive } from './patience.ts'
import { sealingOf, storeOf } from './places.ts'
import { placeOf, storeFailure } from './store-failure.ts'

export interface BackupDeps extends PlaceDeps, Omit<ContentDeps, 'control' | 'rpc'> {
  readonly clock: Clock
  readonly log: Log
  readonly control: Pick<Control, 'state' | 'onChange' | 'execute' | 'fresh'>
  readonly rpc: Pick<Rpc, 'stream' | 'serveStream'>
}

export interface BackupProgress {
  /** Of what is in it. */
  readonly bytes: number
  readonly file: number
  readonly files: number
}

interface Active {
  readonly id: string
  readonly off: AbortController
  progress: BackupProgress
  /** Something of it has been read or written. */
  alive: () => void
}

/** After these it is tried again in a while, since nothing is known to be wrong with the backup itself. */
const passing = ['NO_LEADER', 'SECRETS_UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const
const again = 5 * second
/** How long a store may do nothing of what it was asked for, before the node turns to the next backup: longer than a part of a file may take. */
const storePatience: Millis = 6 * minute
/** How long a node with something of it may be away, from the first time that it could not be reached: it may only be started again. */
const nodePatience: Millis = 15 * minute
/** How long the mesh may take to hear how one ended. */
const reportPatience: Millis = 30 * second

type Made = CommandOf<'report-backup'>['made']

export class BackupService implements Service {
  readonly name = 'backups'
  readonly #deps: BackupDeps
  readonly #loop: Loop
  readonly #bells = new Set<Bell>()
  #active: Active | null = null
  /** When each that was tried may be tried again, on the steady clock. */
  readonly #waits = new Map<string, Millis>()
  /** When each that could not be taken away is tried again: after as long as that took. */
  readonly #slow = new Map<string, Millis>()
  /** When a node was first missed that has something of it, on the steady clock. */
  readonly #missed = new Map<string, Millis>()
  /** What became of those of which the state does not say it yet: none is made twice because nobody could be told. */
  readonly #ended = new Map<string, { readonly once: string; readonly made: Made }>()
  /** Namespace of the one that was tried last. */
  #last = ''
  #unserve: Unsubscribe = () => {}
  #unsubscribe: Unsubscribe = () => {}

  constructor(deps: BackupDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: minute, pause: 50 }, (signal) => this.#look(signal))
  }

  start(): Promise<void> {
    const { control, rpc } = this.#deps
    this.#unserve = rpc.serveStream(readVolume, (request, from, signal) =>
      giveVolume(this.#deps, request, { from, signal }),
    )
    this.#unsubscribe = control.onChange((changes) => {
      if (!changes.some(({ type }) => type === 'backup')) return
      // One that is not wanted any more ends at once.
      if (this.#active !== null && !this.#isWanted(this.#active.id)) this.#active.off.abort(unwanted(this.#active.id))
      this.#loop.wake()
      this.#ring()
    })
    this.#loop.start()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#unserve()
    this.#unsubscribe()
    await this.#loop.stop()
  }

  /** How far it is, again and again until it is made or given up. */
  async *follow(id: string, signal: AbortSignal): AsyncGenerator<BackupProgress> {
    const bell = new Bell()
    this.#bells.add(bell)
    signal.addEventListener('abort', bell.ring, { once: true })
    try {
      while (this.#isWanted(id)) {
        if (this.#active?.id === id) yield this.#active.progress
        await bell.rung()
        signal.throwIfAborted()
      }
    } finally {
      this.#bells.delete(bell)
      signal.removeEventListener('abort', bell.ring)
    }
  }

  /** What is wrong with each of its files that is damaged. */
  async verify(backup: Backup, onBytes: (bytes: number) => void, signal: AbortSignal) {
    try {
      const sealing = await sealingOf(this.#deps, backup, signal)
      return await damageOf(backup, sealing, { onBytes, signal })
    } catch (error) {
      throw storeFailure(error, backup)
    }
  }

  /** What is in it of a volume, or of the mesh. Throws BACKUP_DAMAGED, at the latest at the end. */
  async *read(backup: Backup, file: BackupFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* readFile(backup, file, await sealingOf(this.#deps, backup, signal), signal)
    } catch (error) {
      throw storeFailure(error, backup)
    }
  }

  #ring(): void {
    for (const bell of this.#bells) bell.ring()
  }

  #isWanted(id: string): boolean {
    return this.#deps.control.state.backups.get(id)?.state === 'running'
  }

  /** What is to go first: it makes room. */
  async #look(signal: AbortSignal): Promise<void> {
    const { self, control, clock } = this.#deps
    const own = [...control.state.backups.values()].filter(({ target }) => target.node === self)
    const isLeaving = ({ id, state }: Backup): boolean =>
      state === 'deleting' && (this.#slow.get(id) ?? 0) <= clock.elapsed()
    for (const backup of own) if (isLeaving(backup)) await this.#tryToTakeAway(backup, signal)
    for (const id of [...this.#waits.keys(), ...this.#ended.keys(), ...this.#missed.keys()])
      if (!this.#isWanted(id)) this.#forget(id)
    const now = clock.elapsed()
    const isDue = ({ id }: Backup): boolean => (this.#waits.get(id) ?? now) <= now
    const next = nextInTurn(
      own.filter((backup) => this.#isWanted(backup.id) && isDue(backup)),
      this.#last,
    )
    if (next !== undefined) {
      this.#last = next.namespace
      await this.#make(next, signal)
      this.#loop.wake()
    } else if (this.#waits.size > 0) this.#loop.wake(Math.min(...this.#waits.values()) - now)
  }

  #forget(id: string): void {
    this.#waits.delete(id)
    this.#ended.delete(id)
    this.#missed.delete(id)
  }

  /** One that cannot go now is in nobody's way. */
  async #tryToTakeAway(backup: Backup, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const begun = clock.elapsed()
    try {
      await this.#takeAway(backup, signal)
      this.#slow.delete(backup.id)
    } catch (error) {
      this.#slow.set(backup.id, 2 * clock.elapsed() - begun)
      if (!signal.aborted)
        this.#deps.log.warn('a backup cannot be taken away yet', { backup: backup.id, reason: reasonOf(error, backup) })
    }
  }

  async #takeAway(backup: Backup, signal: AbortSignal): Promise<void> {
    const { self, clock } = this.#deps
    const patience = { clock, span: storePatience, late: () => silent(backup) }
    // What others have made stays.
    const isOurs = backup.imported !== true
    await whileAlive(patience, signal, async (limited) => {
      if (!isOurs) return
      const store = await storeOf(this.#deps, backup, limited)
      await store.remove(backup.id, limited)
    })
    const command = { type: 'report-backup-gone', backup: backup.id, node: self } as const
    await this.#report(command, `backup-gone:${onceOf(backup)}`, signal)
  }

  #report(command: CommandOf<'report-backup' | 'report-backup-gone'>, id: string, signal: AbortSignal) {
    const { self: by, clock, control } = this.#deps
    const late = (): ClawError => new ClawError('DEADLINE_EXCEEDED', { what: command.type, ms: reportPatience })
    const patience = { clock, span: reportPatience, late }
    return whileAlive(patience, signal, (limited) => control.execute(command, { id, by, signal: limited }))
  }

  /** Made, or given up, and the state says so; or its turn comes again in a while. */
  async #make(backup: Backup, signal: AbortSignal): Promise<void> {
    const { self, clock, log } = this.#deps
    const { id } = backup
    const off = new AbortController()
    const files = backup.scope === 'mesh' ? 1 : backup.volumes.length
    this.#active = { id, off, progress: { bytes: 0, file: 1, files }, alive: () => {} }
    const until = AbortSignal.any([signal, off.signal])
    try {
      const once = onceOf(backup)
      const ended = this.#ended.get(id)
      const made = ended?.once === once ? ended.made : await this.#made(backup, until)
      this.#ended.set(id, { once, made })
      const command = { type: 'report-backup', backup: id, node: self, made } as const
      await this.#report(command, `backup-made:${once}`, signal)
      log.info('a backup has ended', { backup: id, ok: made.ok })
    } catch (error) {
      if (until.aborted) return
      if (!(error instanceof ClawError)) throw error
      if (!this.#waits.has(id)) log.warn('a backup has to wait', { backup: id, reason: error.message })
    } finally {
      this.#active = null
      this.#waits.set(id, clock.elapsed() + again)
      this.#ring()
    }
  }

  /** Throws when nobody wants it any more, and what passes. Nothing of one that is not whole stays. */
  async #made(backup: Backup, signal: AbortSignal): Promise<Made> {
    const { clock } = this.#deps
    const patience = { clock, span: storePatience, late: () => silent(backup) }
    try {
      return await whileAlive(patience, signal, (limited, alive) => {
        if (this.#active !== null) this.#active.alive = alive
        return backup.imported === true ? this.#take(backup, limited) : this.#write(backup, limited)
      })
    } catch (error) {
      if (signal.aborted || this.#isPassing(backup, error)) throw error
      const reason = reasonOf(error, backup).slice(0, 1_000)
      if (error instanceof ClawError) this.#deps.log.warn('a backup failed', { backup: backup.id, reason })
      else this.#deps.log.error('a backup failed in a way that is not known', { backup: backup.id, error })
      return { ok: false, reason }
    }
  }

  #isPassing({ id }: Backup, error: unknown): boolean {
    if (!ClawError.is(error, 'NODE_UNREACHABLE')) return passing.some((code) => ClawError.is(error, code))
    const now = this.#deps.clock.elapsed()
    const since = this.#missed.get(id) ?? now
    this.#missed.set(id, since)
    return now - since < nodePatience
  }

  /** One that is there already, once every byte of it was read and opened. Throws BACKUP_DAMAGED. */
  async #take(backup: Backup, signal: AbortSignal): Promise<Made> {
    const sealing = await sealingOf(this.#deps, backup, signal)
    const found = await readManifest(backup, sealing.store, signal)
    const onBytes = (bytes: number): void => this.#note(bytes, 1)
    const [damaged] = await damageOf({ ...backup, ...found }, sealing, { onBytes, signal })
    if (damaged !== undefined) throw new ClawError('BACKUP_DAMAGED', { backup: backup.id, ...damaged })
    return { ok: true, ...found }
  }

  async #write(backup: Backup, signal: AbortSignal): Promise<Made> {
    const sealing = await sealingOf(this.#deps, backup, signal)
    const { store } = sealing
    // Of a try before that this node did not bring to its end.
    await store.remove(backup.id, signal)
    try {
      const files: BackupFile[] = []
      for (const volume of backup.scope === 'mesh' ? [null] : backup.volumes) {
        const before = files.reduce((sum, { bytes }) => sum + bytes, 0)
        const onBytes = (bytes: number): void => this.#note(before + bytes, files.length + 1)
        const content = contentFor(this.#deps, backup, volume, signal)
        files.push(await writeFile(backup, { volume, content }, sealing, { onBytes, signal }))
      }
      const { bytes: stored, sha256 } = await writeManifest(backup, files, store, signal)
      // Whoever has given it up has said that it failed.
      signal.throwIfAborted()
      await store.finish(backup.id, signal)
      return { ok: true, files, manifest: { stored, sha256 } }
    } catch (error) {
      await this.#clear(backup, store)
      throw error
    }
  }

  /** Also when it was called off. What cannot go now goes with the next try, or with the backup. */
  async #clear(backup: Backup, store: BackupStore): Promise<void> {
    const { clock, log } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(clearingPatience, () => late.abort())
    try {
      await store.remove(backup.id, late.signal)
    } catch (error) {
      log.warn('something of a backup is left', { backup: backup.id, reason: reasonOf(error, backup) })
    } finally {
      cancel()
    }
  }

  #note(bytes: number, file: number): void {
    if (this.#active === null) return
    this.#active.alive()
    this.#active.progress = { ...this.#active.progress, bytes, file }
    this.#ring()
  }
}

/** One that was there before may be taken in again, and then has another end. */
const onceOf = ({ id, imported, createdAt }: Backup): string => (imported === true ? `${id}:${createdAt}` : id)

/** By now whoever makes the next one has waited long enough. */
const silent = (backup: Backup): ClawError =>
  new ClawError('BACKUP_TARGET', {
    target: placeOf(backup),
    detail: `nothing was read or written for ${storePatience / minute} minutes`,
  })

function reasonOf(error: unknown, backup: Backup): string {
  const failure = storeFailure(error, backup)
  return failure instanceof Error ? failure.message : String(failure)
}

const unwanted = (backup: string): ClawError =>
  new ClawError('BACKUP_UNUSABLE', { backup, state: 'not wanted any more' })
