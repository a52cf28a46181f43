/** What is asked of a simulation, and what it says while it runs. Carried out by processes, which only the program can start. */
import type { Millis } from '../model/time.ts'
import type { Arrival } from './arrivals.ts'
import type { SimReport } from './report.ts'
import type { Scenario } from './scenario.ts'

export interface Progress {
  readonly phase: 'joining' | 'starting' | 'working' | 'ending'
  /** Since the first process. */
  readonly elapsed: Millis
  readonly peersUp: number
  readonly peers: number
  /** Workloads that have been handed in, and all there will be. */
  readonly submitted: number
  readonly planned: number
  /** As the mesh says; null while there is no answer. */
  readonly running: number | null
  readonly pending: number | null
  readonly leader: string | null
}

export interface SimulationRequest {
  readonly scenario: Scenario
  readonly seed: number
  /** Work that is given instead of drawn. */
  readonly trace: readonly Arrival[] | null
  readonly version: string
  /** Ends it early; what was seen until then is still reported. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  /** Something that a reader wants to know as it happens. */
  readonly onEvent: (words: string) => void
}

export type Simulate = (request: SimulationRequest) => Promise<SimReport>
