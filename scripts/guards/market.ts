/** Attacks on the market: names, offers, bids, challenges, and what a buyer spends. */
import type { Guard } from './guard.ts'

const tests = ['test/unit/core/molt/market']

export const marketGuards: readonly Guard[] = [
  {
    attack: 'offers and bids that are dated from the future (clock lies)',
    file: 'src/core/molt/market/dated.ts',
    guard: 'issuedAt <= now + mostAhead && now < until',
    without: 'now < until',
    tests,
  },
  {
    attack: 'wash trading: deals between own names count although they cost nothing',
    file: 'src/core/molt/market/reputation.ts',
    guard: 'return fees >= fullFee ? whole : (fees * whole) / fullFee',
    without: 'return fees >= 0n ? whole : 0n',
    tests,
  },
  {
    attack: 'wash trading: whoever gets the fees pays himself',
    file: 'src/core/molt/market/reputation.ts',
    guard: 'const isLost = network.feeTo !== null && network.feeTo !== buyer && network.feeTo !== provider',
    without: 'const isLost = network.feeTo !== null',
    tests,
  },
  {
    attack: 'selective blame of strangers, for nothing',
    file: 'src/core/molt/market/reputation.ts',
    guard: 'if (!isShown && good + bad < whole) return null',
    without: '',
    tests,
  },
  {
    attack: 'names that ask for least are all that is asked (sybil offers, eclipse)',
    file: 'src/services/molt/buying/collector.ts',
    guard: '...all.slice(0, shares.cheapest),',
    without: '...all.slice(0, mostAsked),',
    tests: ['test/unit/services/molt/collector.test.ts'],
  },
  {
    attack: 'a bid that its provider has not signed',
    file: 'src/core/molt/market/match.ts',
    guard: "return isSignedBy(verifier, bid.provider, said, signature) ? null : 'signature'",
    without: 'return said === undefined ? null : null',
    tests,
  },
  {
    attack: 'an offer of less than what is wanted (unchecked requirements)',
    file: 'src/core/molt/market/match.ts',
    guard: "if (offer.memoryMib < want.memoryMib) return 'memory'",
    without: '',
    tests,
  },
  {
    attack: 'a filter that a name in capitals passes by',
    file: 'src/model/gpu.ts',
    guard: '      .toLowerCase()\n      .replace(/[^a-z0-9]+/g',
    without: '      .replace(/[^a-z0-9]+/gi',
    tests: [...tests, 'test/unit/model'],
  },
  {
    attack: 'an answer to a challenge that was given to another verifier',
    file: 'src/core/molt/market/challenge.ts',
    guard: "if (challenge.verifier !== self) return 'other-verifier'",
    without: '',
    tests,
  },
  {
    attack: 'an answer to a challenge that was given before',
    file: 'src/core/molt/market/challenge.ts',
    guard: "if (seen.has(told.answer)) return 'replayed'",
    without: '',
    tests,
  },
  {
    attack: 'a provider without the memory makes it anew as it is asked',
    file: 'src/core/molt/market/challenge.ts',
    guard: "return told.walkedIn > longestWalk(challenge, own) ? 'slow-walk' : null",
    without: 'return null',
    tests,
  },
  {
    attack: 'a record of spending that is broken lifts the limits',
    file: 'src/core/molt/market/spending.ts',
    guard: "if (spending === null) return { ok: false, refusal: 'unreadable' }",
    without: 'if (spending === null) return { ok: true, spending: nothingSpent }',
    tests,
  },
  {
    attack: 'a restart forgets what was spent',
    file: 'src/services/molt/buying/spending-keeper.ts',
    guard: 'await this.#deps.disk.writeBlob(file, Buffer.from(text))',
    without: '',
    tests: ['test/unit/services/molt/buying', 'test/simulation/molt-buying.test.ts'],
  },
  {
    attack: 'spam: one buyer asks for bids without end',
    file: 'src/services/molt/lending/lending-desk.ts',
    guard: 'own.length >= ofBuyer || ',
    without: '',
    tests: ['test/unit/services/molt/lending', 'test/simulation/molt-lease.test.ts'],
  },
]
