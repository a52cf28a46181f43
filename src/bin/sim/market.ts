/** Plays a market in virtual time, with signatures that only a simulation believes. */
import type { MarketReport } from '../../sim/market/report.ts'
import { marketReport } from '../../sim/market/report.ts'
import { playMarket } from '../../sim/market/market.ts'
import type { MarketRequest } from '../../sim/market/request.ts'
import { simSigner, simVerifier } from '../../simulation/signer.ts'
import { seededRandom } from '../../simulation/world.ts'

export function simulateMarket({ size, seed, onHour }: MarketRequest): MarketReport {
  const init = { size, seed, random: seededRandom(seed), signerOf: simSigner, verifier: simVerifier }
  return marketReport(playMarket(init, onHour))
}
