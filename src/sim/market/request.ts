/** What is asked of a simulated market. Carried out by the program, which has the signatures and the chance for it. */
import { hour } from '../../model/time.ts'
import type { MarketSize } from './population.ts'
import type { MarketReport } from './report.ts'

export const usualSize: MarketSize = { providers: 200, buyers: 500, cheats: 10, jobs: 3, span: 6 * hour }

export interface MarketRequest {
  readonly size: MarketSize
  readonly seed: number
  /** So many hours of the market are over. */
  readonly onHour: (hours: number) => void
}

export type SimulateMarket = (request: MarketRequest) => Promise<MarketReport>
