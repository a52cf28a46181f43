/** Builds of two state versions in one mesh, under all faults: daemons are upgraded, rolled back and upgraded again. The older build is simulated. */
import { afterEach, expect, test, vi } from 'vitest'
import type * as Versions from '../../../src/core/state/versions.ts'
import { playWorld } from '../../support/world/run.ts'
import { firstToNotice } from '../../support/world/seeds.ts'

const seeds = Number(process.env['CLAW_SIM_UPGRADES'] ?? 40)
const broken = vi.hoisted(() => ({ rule: '' }))
const tooEarly = 'proposes what not all can read yet'
const goesOn = 'goes on after a rise that it does not apply'

vi.mock('../../../src/core/state/versions.ts', async (original) => {
  const real = await original<typeof Versions>()
  return {
    ...real,
    refusalOf: (...[command, state]: Parameters<typeof real.refusalOf>) =>
      broken.rule === tooEarly ? null : real.refusalOf(command, state),
    raises: (...[state, command]: Parameters<typeof real.raises>) =>
      broken.rule === goesOn ? false : real.raises(state, command),
  }
})

afterEach(() => {
  broken.rule = ''
})

test(`whatever is upgraded and rolled back when, all hold the same state and go on in the end (${seeds} seeds)`, async () => {
  let executions = 0
  for (let seed = 0; seed < seeds; seed += 1) {
    const report = await playWorld({ seed, upgrades: true }).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
    })
    executions += report.executions
  }
  expect(executions).toBeGreaterThan(seeds)
})

test.each([
  [tooEarly, 'nothing is in the log before its version'],
  [goesOn, 'nothing is in the log before its version'],
])('a mesh that %s is found out', async (rule, invariant) => {
  broken.rule = rule
  expect(await firstToNotice({ upgrades: true }, 40)).toContain(invariant)
})
