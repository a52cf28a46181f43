/** A buyer and a provider on one street, with real rules and accounts, and a network as bad as a test wants it. */
import { lendingOf } from '../../../src/core/molt/market/lending.ts'
import { unknown } from '../../../src/core/molt/market/reputation.ts'
import { spendingOf } from '../../../src/core/molt/market/spending.ts'
import type { Genesis } from '../../../src/core/molt/network.ts'
import { networkOf } from '../../../src/core/molt/network.ts'
import { oneMolt } from '../../../src/model/amount.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { LendingPolicy } from '../../../src/model/molt-policy.ts'
import type { Want } from '../../../src/model/molt-want.ts'
import { hour, minute } from '../../../src/model/time.ts'
import { Bank } from '../../../src/sim/market/bank.ts'
import type { BorrowerTrick } from '../../../src/sim/market/borrower.ts'
import { Borrower } from '../../../src/sim/market/borrower.ts'
import type { LenderTrick } from '../../../src/sim/market/lender-init.ts'
import { Lender } from '../../../src/sim/market/lender.ts'
import type { Links } from '../../../src/sim/market/street.ts'
import { Street } from '../../../src/sim/market/street.ts'
import { simSigner, simVerifier } from '../../../src/simulation/signer.ts'
import { seededRandom } from '../../../src/simulation/world.ts'

export const start = 1_750_000_000_000

const genesis: Genesis = {
  ...{ name: 'pair', witnesses: [nodeId('witness')], faulty: 0, feeBps: 250, feeTo: nodeId('house') },
  issuers: [{ account: nodeId('mint'), limit: 1_000_000n * oneMolt }],
  ...{ claimTime: hour, createdAt: 0 },
}

export interface PairInit {
  readonly seed: number
  readonly links?: Links
  readonly lenders?: readonly (LenderTrick | null)[]
  readonly borrower?: BorrowerTrick | null
  readonly policy?: LendingPolicy
  /** What the work takes, or null for as long as it may. */
  readonly work?: number | null
}

export function pairOf({ seed, links, lenders = [null], borrower = null, policy = {}, work = null }: PairInit) {
  const street = new Street(start, seededRandom(seed), links ?? { latency: [5, 50], loss: 0 })
  const network = networkOf(genesis)
  const bank = new Bank({ network, witness: simSigner(nodeId('witness')), signerOf: simSigner, verifier: simVerifier })
  const providers = lenders.map((trick, index) => {
    const lender = new Lender({
      ...{ signer: simSigner(nodeId(`lender-${index}`)), verifier: simVerifier, street, bank, trick },
      lending: lendingOf('moderate', policy),
      gpus: [0, 1, 2, 3].map((at) => ({
        ...{ uuid: `GPU-${index}-${at}`, vendor: 'nvidia', model: 'NVIDIA H100 80GB HBM3', memoryMib: 81_559 },
      })),
      ...{ standingOf: () => unknown, market: () => null, workOf: () => work },
    })
    street.residents.set(lender.id, lender)
    return lender
  })
  const buyer = new Borrower({
    ...{ signer: simSigner(nodeId('borrower')), verifier: simVerifier, street, bank, trick: borrower },
    ...{ limits: spendingOf.aggressive, board: () => providers.flatMap((one) => one.offers(street.now)) },
    knownOf: () => ({ ...unknown, verification: 'self-reported' }),
  })
  street.residents.set(buyer.id, buyer)
  bank.pay(nodeId('mint'), buyer.id, 1_000n * oneMolt, start)
  return { street, bank, providers, buyer, network }
}

export const wantOf = (network: string, parts: Partial<Want> = {}): Want => ({
  ...{ network, buyer: nodeId('borrower'), nonce: '0'.repeat(32), gpus: 2, model: 'h100', memoryMib: 40_000 },
  ...{ duration: 10 * minute, maxTotal: 10n * oneMolt, minReputation: 0, isolation: ['gvisor'], preferred: [] },
  ...{ region: null, minVerification: 'self-reported', arbiters: [], strategy: 'balanced' },
  image: { name: 'docker.io/library/busybox', digest: `sha256:${'a'.repeat(64)}` },
  ...{ issuedAt: start, deadline: start + 5_000 },
  ...parts,
})
