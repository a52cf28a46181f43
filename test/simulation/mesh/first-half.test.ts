/** One half of the seeds: the two run side by side. */
import { expect, test } from 'vitest'
import { count, patience, playShard } from '../../support/world/seeds.ts'

test(
  `a mesh does what it acknowledged, once and in one place, whatever happens to it (half of ${count} seeds)`,
  async () => {
    const sums = await playShard(0, 2)
    // A run in which nothing happens proves nothing.
    const isMany = count >= 200
    expect(sums.acknowledged / count).toBeGreaterThan(isMany ? 3 : -1)
    expect(sums.executions / count).toBeGreaterThan(isMany ? 3 : -1)
    expect(sums.reads / count).toBeGreaterThan(isMany ? 1 : -1)
    for (const rare of [sums.evictions, sums.preemptions, sums.losses, sums.retries])
      expect(rare).toBeGreaterThan(isMany ? count / 50 : -1)
  },
  patience,
)
