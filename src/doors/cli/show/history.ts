/** What became of the attempts of a workload, in words. */
import type { OutputOf } from '../../../operations/registry.ts'

type Attempt = OutputOf<'workload.info'>['history'][number]

/** `on gpu-2, from … to …, exit code 1: retry 1 of 3`. */
export function attemptInWords({ node, startedAt, endedAt, exitCode, error, reason }: Attempt): string {
  const when = startedAt === null ? `given up at ${endedAt} before it started` : `from ${startedAt} to ${endedAt}`
  const how = error !== null ? `, ${error.code}` : ''
  const code = exitCode === null ? '' : `, exit code ${exitCode}`
  return `on ${node}, ${when}${how}${code}: ${reason}`
}
