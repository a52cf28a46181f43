/** Attacks on the signed records of a network. */
import type { Guard } from './guard.ts'

const tests = ['test/unit/core/records', 'test/unit/services/records']

export const recordsGuards: readonly Guard[] = [
  {
    attack: 'a record that was replayed, as there is a later one',
    file: 'src/core/records/floors.ts',
    guard: "outcome: order > 0 ? 'risen' : 'stale'",
    without: "outcome: 'risen'",
    tests,
  },
  {
    attack: 'a record whose life is over',
    file: 'src/core/records/validate.ts',
    guard: "return endOfLife <= now ? 'expired' : null",
    without: 'return null',
    tests,
  },
  {
    attack: 'a record from the future, which nobody could get rid of',
    file: 'src/core/records/validate.ts',
    guard: "if (issuedAt > now + mostRecordSkew) return 'future'",
    without: '',
    tests,
  },
  {
    attack: 'a peer that withholds a record',
    file: 'src/services/records/reader.ts',
    guard: 'else without.add(from)',
    without: 'else break',
    tests,
  },
  {
    attack: 'a stale server that refuses to be corrected',
    file: 'src/services/records/reader.ts',
    guard: 'leader === null || compareStandings(next.standing, leader.standing) > 0 ? next : leader',
    without: 'leader ?? next',
    tests: [...tests, 'test/conformance/sim-record-net.test.ts'],
  },
  {
    attack: 'a record that nobody has signed, or that was altered',
    file: 'src/core/records/validate.ts',
    guard: "if (!isSealed(record, context.verifier)) return no('signature')",
    without: '',
    tests,
  },
  {
    attack: 'records of names that no witness knows (sybil)',
    file: 'src/core/records/validate.ts',
    guard: "if (!isCertified(record, context)) return no('standing')",
    without: '',
    tests,
  },
  {
    attack: 'a record of somebody who contradicts himself (equivocation)',
    file: 'src/core/records/book.ts',
    guard: 'const isShown = step.isConflict && other?.standing.hash === this.floorOf(key)?.standing.hash',
    without: 'const isShown = false as boolean',
    tests,
  },
  {
    attack: 'whoever was caught goes on',
    file: 'src/core/records/book.ts',
    guard: "if (this.#caught.has(issuer)) return 'closed-out'",
    without: '',
    tests,
  },
  {
    attack: 'spam: one issuer fills the disks of all',
    file: 'src/core/records/quotas.ts',
    guard: "return 'quota'",
    without: 'return null',
    tests,
  },
  {
    attack: 'spam: many issuers take the room of those that are known',
    file: 'src/core/records/quotas.ts',
    guard: 'const part = this.#isKnown(issuer) ? 1 : 1 - reserve',
    without: 'const part = 1',
    tests,
  },
  {
    attack: 'spam: one issuer says something new all the time',
    file: 'src/services/records/keeper.ts',
    guard: "if (this.#pace.take(issuer) > 0) return { refusal: 'pace' }",
    without: '',
    tests,
  },
  {
    attack: 'a record that is too large',
    file: 'src/core/records/validate.ts',
    guard: "if (bytes.length > mostRecordBytes) return no('size')",
    without: '',
    tests,
  },
]
