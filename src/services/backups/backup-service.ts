/** The backups of this node: makes those that the mesh wants made here, one after the other, takes those away that it wants no more, and reads them. */
import { refsOfBackup } from '../../core/vault/entitlement.ts'
import { Bell } from '../../lib/bell.ts'
import type { Backup, BackupFile } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId, PlacementId } from '../../model/ids.ts'
import { minute, second } from '../../model/time.ts'
import { volumeKey } from '../../model/volume.ts'
import type { BackupStore, ContentCipher, OpenStore } from '../../ports/backups.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Checksum } from '../../ports/volumes.ts'
import { readVolume } from '../../wire/volume.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'
import type { VaultService } from '../vault/vault-service.ts'
import type { VolumeService } from '../volumes/volume-service.ts'
import type { Sealing } from './backup-files.ts'
import { damageOf, readFile, writeFile, writeManifest } from './backup-files.ts'
import { giveVolume } from './give-volume.ts'

export interface BackupDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly log: Log
  readonly control: Pick<Control, 'state' | 'onChange' | 'execute' | 'fresh'>
  readonly rpc: Pick<Rpc, 'stream' | 'serveStream'>
  readonly volumes: Pick<VolumeService, 'read'>
  readonly vault: Pick<VaultService, 'values'>
  readonly openStore: OpenStore
  readonly cipher: ContentCipher
  readonly checksum: () => Checksum
  /** The state of the mesh as a file. */
  readonly meshState: () => Uint8Array
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
}

/** After these it is tried again in a while, since nothing is known to be wrong with the backup itself. */
const passing = ['NO_LEADER', 'SECRETS_UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const

export class BackupService implements Service {
  readonly name = 'backups'
  readonly #deps: BackupDeps
  readonly #loop: Loop
  readonly #bells = new Set<Bell>()
  #active: Active | null = null
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
    const store = await this.#storeOf(backup, signal)
    return damageOf(backup, store, { checksum: this.#deps.checksum, onBytes, signal })
  }

  /** What is in it of a volume, or of the mesh. Throws BACKUP_DAMAGED, at the latest at the end. */
  async *read(backup: Backup, file: BackupFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* readFile(backup, file, await this.#sealingOf(backup, signal), { checksum: this.#deps.checksum, signal })
  }

  #ring(): void {
    for (const bell of this.#bells) bell.ring()
  }

  #isWanted(id: string): boolean {
    return this.#deps.control.state.backups.get(id)?.state === 'running'
  }

  /** What is to go first: it makes room. */
  async #look(signal: AbortSignal): Promise<void> {
    const { self, control } = this.#deps
    const own = [...control.state.backups.values()].filter(({ target }) => target.node === self)
    for (const backup of own) if (backup.state === 'deleting') await this.#tryToTakeAway(backup, signal)
    const [next] = own.filter(({ state }) => state === 'running').toSorted((a, b) => a.createdAt - b.createdAt)
    if (next !== undefined) await this.#make(next, signal)
  }

  /** One that cannot go now is in nobody's way. */
  async #tryToTakeAway(backup: Backup, signal: AbortSignal): Promise<void> {
    try {
      await this.#takeAway(backup, signal)
    } catch (error) {
      if (signal.aborted || !(error instanceof ClawError)) throw error
      this.#deps.log.warn('a backup cannot be taken away yet', { backup: backup.id, reason: error.message })
    }
  }

  async #takeAway(backup: Backup, signal: AbortSignal): Promise<void> {
    const { self, control } = this.#deps
    const store = await this.#storeOf(backup, signal)
    await store.remove(backup.id, signal)
    const command = { type: 'report-backup-gone', backup: backup.id, node: self } as const
    await control.execute(command, { id: `backup-gone:${backup.id}`, by: self, signal })
  }

  async #make(backup: Backup, signal: AbortSignal): Promise<void> {
    const { self, control, log } = this.#deps
    const off = new AbortController()
    const files = backup.scope === 'mesh' ? 1 : backup.volumes.length
    this.#active = { id: backup.id, off, progress: { bytes: 0, file: 1, files } }
    try {
      const made = await this.#made(backup, AbortSignal.any([signal, off.signal]))
      if (made === null) return
      const command = { type: 'report-backup', backup: backup.id, node: self, made } as const
      await control.execute(command, { id: `backup-made:${backup.id}`, by: self, signal })
      log.info('a backup has ended', { backup: backup.id, ok: made.ok })
    } finally {
      this.#active = null
      this.#loop.wake(0)
      this.#ring()
    }
  }

  /** Null for one that nobody wants any more, or that is to be tried again. Nothing of one that is not whole stays. */
  async #made(backup: Backup, signal: AbortSignal) {
    const { log } = this.#deps
    try {
      return await this.#write(backup, signal)
    } catch (error) {
      if (signal.aborted) return null
      if (!(error instanceof ClawError)) throw error
      if (passing.some((code) => ClawError.is(error, code))) {
        log.warn('a backup has to wait', { backup: backup.id, reason: error.message })
        this.#loop.wake(5 * second)
        return null
      }
      log.warn('a backup failed', { backup: backup.id, reason: error.message })
      return { ok: false, reason: error.message.slice(0, 1_000) } as const
    }
  }

  async #write(backup: Backup, signal: AbortSignal) {
    const sealing = await this.#sealingOf(backup, signal)
    const { store } = sealing
    // Of a try before that this node did not bring to its end.
    await store.remove(backup.id, signal)
    try {
      const files: BackupFile[] = []
      for (const volume of backup.scope === 'mesh' ? [null] : backup.volumes) {
        const before = files.reduce((sum, { bytes }) => sum + bytes, 0)
        const onBytes = (bytes: number): void => this.#note(before + bytes, files.length + 1)
        const content = volume === null ? this.#meshState(signal) : this.#contentOf(backup, volume, signal)
        files.push(await writeFile(backup, { volume, content }, sealing, { onBytes, signal }))
      }
      const { bytes: stored, sha256 } = await writeManifest(backup, files, store, signal)
      await store.finish(backup.id, signal)
      return { ok: true, files, manifest: { stored, sha256 } } as const
    } catch (error) {
      await store.remove(backup.id, new AbortController().signal)
      throw error
    }
  }

  #note(bytes: number, file: number): void {
    if (this.#active === null) return
    this.#active.progress = { ...this.#active.progress, bytes, file }
    this.#ring()
  }

  async *#meshState(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { control, meshState } = this.#deps
    await control.fresh('linearizable', signal)
    yield meshState()
  }

  /** From this node, or from the one that has it. */
  async *#contentOf(backup: Backup, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { self, control, rpc, volumes } = this.#deps
    const key = volumeKey(backup.namespace, name)
    const volume = control.state.volumes.get(key)
    if (volume === undefined) throw new ClawError('VOLUME_NOT_FOUND', { volume: key })
    const home = volume.node ?? self
    if (home === self) yield* volumes.read(volume, signal)
    else
      for await (const { data } of rpc.stream(home, readVolume, { backup: backup.id, volume: name }, signal)) yield data
  }

  async #sealingOf(backup: Backup, signal: AbortSignal): Promise<Sealing> {
    const { cipher, openStore } = this.#deps
    const values = await this.#valuesFor(backup, signal)
    const store = await openStore(backup.target, backup.namespace, keysIn(backup, values))
    return { cipher, store, secret: backup.key === null ? null : (values[0] ?? null) }
  }

  /** For what needs nothing of what is in it. */
  async #storeOf(backup: Backup, signal: AbortSignal): Promise<BackupStore> {
    const values = backup.target.type === 's3' ? await this.#valuesFor(backup, signal) : []
    return this.#deps.openStore(backup.target, backup.namespace, keysIn(backup, values))
  }

  #valuesFor(backup: Backup, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const secrets = [...refsOfBackup(backup)]
    return this.#deps.vault.values({ spec: { namespace: backup.namespace, secrets } }, placementOf(backup), signal)
  }
}

const keysIn = ({ target }: Backup, values: readonly Uint8Array[]): Uint8Array | null =>
  target.type === 's3' ? (values.at(-1) ?? null) : null

/** The vault knows it by its id. */
const placementOf = ({ id }: Backup): PlacementId => id as PlacementId

const unwanted = (backup: string): ClawError =>
  new ClawError('BACKUP_UNUSABLE', { backup, state: 'not wanted any more' })
