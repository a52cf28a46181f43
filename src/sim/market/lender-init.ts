/** What a provider of a simulated market is made of, and how it cheats. */
import type { Lending } from '../../core/molt/market/lending.ts'
import type { Standing } from '../../core/molt/market/reputation.ts'
import type { MicroMolt } from '../../model/amount.ts'
import type { GpuVendor } from '../../model/gpu.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Want } from '../../model/molt-want.ts'
import type { Millis } from '../../model/time.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type { Bank } from './bank.ts'
import type { Street } from './street.ts'

/** `over-claims`: its meter counts half as much again. `defaults`: takes the hold and starts nothing. `vanishes`: is gone in the middle of the work. `clock`: lives an hour ahead. */
export type LenderTrick = 'over-claims' | 'defaults' | 'vanishes' | 'clock'

export interface Gpu {
  readonly uuid: string
  readonly vendor: GpuVendor
  readonly model: string
  readonly memoryMib: number
}

export interface LenderInit {
  readonly signer: Signer
  readonly verifier: Verifier
  readonly lending: Lending
  readonly gpus: readonly Gpu[]
  readonly street: Street
  readonly bank: Bank
  readonly trick: LenderTrick | null
  readonly standingOf: (buyer: NodeId) => Standing
  readonly market: (model: string) => MicroMolt | null
  /** How long the work of a lease runs by itself, as its buyer says; null for as long as it may. */
  readonly workOf: (buyer: NodeId, want: Want) => Millis | null
}
