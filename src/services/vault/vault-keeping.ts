/** Keeps a key for the vault that exactly the voters can open, while this peer leads. */
import { epochsInUse } from '../../core/vault/entitlement.ts'
import type { VaultStep } from '../../core/vault/keeping.ts'
import { demotions, nextVaultStep } from '../../core/vault/keeping.ts'
import type { Ring } from '../../core/vault/ring.ts'
import { withKey } from '../../core/vault/ring.ts'
import type { CommandOf } from '../../core/state/types.ts'
import { versionNeeded } from '../../core/state/versions.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { VaultKeys } from '../../ports/keys.ts'
import type { Log } from '../../ports/log.ts'
import type { Consensus } from '../consensus/types.ts'
import type { Control } from '../control/types.ts'
import type { LeaderCommands } from '../gateway/commands.ts'
import type { Duty } from '../gateway/duty.ts'
import { Loop } from '../gateway/loop.ts'
import type { VaultHolder } from './vault-holder.ts'

export interface VaultKeepingDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly log: Log
  readonly control: Pick<Control, 'state' | 'status' | 'onChange'>
  readonly consensus: Pick<Consensus, 'transfer'>
  readonly commands: Pick<LeaderCommands, 'tryOne'>
  readonly holder: VaultHolder
  readonly keys: Pick<VaultKeys, 'generate'>
}

export class VaultKeeping implements Duty {
  readonly name = 'vault'
  readonly #deps: VaultKeepingDeps
  readonly #loop: Loop
  #demoted: ReadonlyMap<NodeId, Instant> = new Map()

  constructor(deps: VaultKeepingDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: 5_000, pause: 20 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#demoted = new Map()
    this.#loop.start(() =>
      this.#deps.control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'member' || type === 'mesh')) this.#loop.wake()
      }),
    )
  }

  async end(): Promise<void> {
    await this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { self, clock, control, holder } = this.#deps
    const { vault, version, members } = control.state
    const { voters } = control.status()
    // Before every member knows of vaults, the log may hold none.
    if (version < versionNeeded(empty)) return
    const facts = { vault, voters, at: clock.now() }
    this.#demoted = demotions(this.#demoted, facts)
    const step = nextVaultStep({
      ...{ ...facts, self, demotedSince: this.#demoted },
      holds: holder.ring() !== null,
      members: new Set(members.keys()),
    })
    if (step !== null) await this.#take(step, signal)
  }

  async #take(step: VaultStep, signal: AbortSignal): Promise<void> {
    const { control, consensus, keys, holder, log } = this.#deps
    switch (step.do) {
      case 'yield':
        log.info('the lead goes to a voter that can open the vault', { to: step.to })
        await consensus.transfer(step.to)
        return
      case 'lend': {
        const { vault } = control.state
        const ring = holder.ring()
        if (vault === null || ring === null) return
        return this.#set({ ...vault, ring, holders: step.to }, signal)
      }
      case 'begin':
      case 'renew': {
        const { publicKey, secret } = keys.generate()
        const before: Ring = step.do === 'begin' ? new Map() : (holder.ring() ?? new Map())
        const ring = withKey(before, step.epoch, secret, epochsInUse(control.state))
        if (ring === null) {
          log.warn('the vault keeps its key: what is sealed for earlier ones has to go first', {
            epoch: step.epoch - 1,
          })
          return
        }
        log.info('the vault has a new key', { epoch: step.epoch, holders: step.holders.length })
        return this.#set({ ...step, publicKey, ring }, signal)
      }
    }
  }

  async #set(
    {
      epoch,
      publicKey,
      ring,
      holders,
    }: { readonly epoch: number; readonly publicKey: string; readonly ring: Ring; readonly holders: readonly NodeId[] },
    signal: AbortSignal,
  ): Promise<void> {
    const { commands, holder } = this.#deps
    const sealed = holders.flatMap((node) => {
      const own = holder.sealRing(ring, epoch, node)
      return own === null ? [] : [{ node, sealed: own }]
    })
    await commands.tryOne({ type: 'set-vault', epoch, publicKey, holders: sealed }, signal)
  }
}

const empty: CommandOf<'set-vault'> = { type: 'set-vault', epoch: 1, publicKey: 'none', holders: [] }
