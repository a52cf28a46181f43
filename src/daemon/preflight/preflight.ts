/** `clawnode preflight`: is this host fit for a daemon? Nothing is started and nothing is written. */
import type { FlagValues } from '../../config/clawnode-flags.ts'
import { hostVerdicts } from '../../core/preflight/verdicts.ts'
import { checkLines, checksExitCode } from '../../model/check.ts'
import { configFromCommandLine } from '../settings.ts'
import { gatherHostFacts } from './gather.ts'

export interface Told {
  readonly text: string
  readonly exitCode: number
}

/** Throws CONFIG_INVALID for a configuration that cannot be. */
export async function preflight(values: FlagValues): Promise<Told> {
  const config = await configFromCommandLine(values)
  const against = (values['against'] ?? []) as readonly string[]
  const facts = await gatherHostFacts({ config, against, signal: AbortSignal.timeout(30_000) })
  const checks = hostVerdicts(facts)
  const text = values['json'] === true ? JSON.stringify(checks, null, 2) : checkLines(checks).join('\n')
  return { text, exitCode: checksExitCode(checks) }
}
