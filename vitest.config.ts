/** The test projects, cheapest first. A project is a folder below test/. */
import { defineConfig } from 'vitest/config'

interface Pace {
  readonly timeout: number
  /** Tests that use real ports, processes or engines run one file at a time: they would slow each other past their deadlines. */
  readonly oneFileAtATime?: boolean
}

const project = (name: string, { timeout, oneFileAtATime = false }: Pace) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: timeout,
    fileParallelism: !oneFileAtATime,
  },
})

export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: true,
    restoreMocks: true,
    projects: [
      project('tidy', { timeout: 60_000 }),
      project('unit', { timeout: 20_000 }),
      project('conformance', { timeout: 120_000 }),
      project('simulation', { timeout: 300_000 }),
      project('integration', { timeout: 60_000, oneFileAtATime: true }),
      project('e2e', { timeout: 300_000, oneFileAtATime: true }),
    ],
  },
})
