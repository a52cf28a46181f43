import { expect, test } from 'vitest'
import type { ConsensusRun } from '../../../src/simulation/consensus-run.ts'
import { runConsensus } from '../../../src/simulation/consensus-run.ts'
import { breakages } from '../../support/consensus-breakages.ts'

const first = Number(process.env['CLAW_SIM_FIRST'] ?? 0)
const count = Number(process.env['CLAW_SIM_SEEDS'] ?? 1_000)
const seeds = Array.from({ length: count }, (_, i) => first + i)

function played(run: ConsensusRun): ReturnType<typeof runConsensus> {
  try {
    return runConsensus(run)
  } catch (error) {
    const repro = `CLAW_SIM_FIRST=${run.seed} CLAW_SIM_SEEDS=1 npx vitest run --project simulation test/simulation/consensus/core.test.ts`
    throw new Error(`seed ${run.seed}: ${String(error)}; ${repro}`, { cause: error })
  }
}

test(`a group keeps its promises and recovers, whatever happens to it (${count} seeds)`, () => {
  let [acknowledged, reads, terms] = [0, 0, 0]
  for (const seed of seeds) {
    const report = played({ seed })
    acknowledged += report.acknowledged
    reads += report.reads
    terms += report.terms
  }
  // A run in which nothing happens proves nothing.
  expect(acknowledged / count).toBeGreaterThan(count < 100 ? 0 : 10)
  expect(reads / count).toBeGreaterThan(count < 100 ? -1 : 5)
  expect(terms / count).toBeGreaterThan(count < 100 ? 0 : 2)
})

test(`a small group whose peers die on their promises keeps them (${count} seeds)`, () => {
  let terms = 0
  for (const seed of seeds) terms += played({ seed, duel: true }).terms
  expect(terms).toBeGreaterThan(0)
})

test('the same seed plays the same life', () => {
  expect(runConsensus({ seed: 7 })).toEqual(runConsensus({ seed: 7 }))
})

const enough = 6_000

test.each(Object.entries(breakages))('a peer that %s is caught', (_name, breakage) => {
  let caught: unknown = null
  for (let seed = 0; seed < enough && caught === null; seed += 1) {
    for (const duel of [true, false]) {
      // Broad runs take longer; what they find, they find soon.
      if (!duel && seed > 300) continue
      try {
        runConsensus({ seed, duel, ...breakage })
      } catch (error) {
        caught = error
      }
    }
  }
  expect(caught).toBeInstanceOf(Error)
})
