/** What the client means by its words when it fails. */
import { ClawError } from '../../model/failure.ts'
import type { TailscaleWhy } from '../../model/tailnet-failures.ts'
import { withoutKeys } from '../../model/tailnet.ts'
import type { ToolResult } from '../../ports/tool.ts'

interface Asked {
  /** As it was called, such as `tailscale up`. */
  readonly what: string
  readonly patience: number
  /** That may stand nowhere. */
  readonly key: string | null
}

/** Null for what went well. */
export function failureOf(result: ToolResult, { what, patience, key }: Asked): ClawError<'TAILSCALE_FAILED'> | null {
  const failed = (why: TailscaleWhy, problem: string): ClawError<'TAILSCALE_FAILED'> =>
    new ClawError('TAILSCALE_FAILED', { why, problem })
  if (result.missing) return failed('missing', 'tailscale is not installed')
  if (result.timedOut) return failed('silent', `${what} did not answer within ${patience / 1_000} s`)
  if (result.truncated) return failed('garbage', `${what} printed more than can be read`)
  if (result.code === 0) return null
  const said = `${result.stderr}\n${result.stdout}`
  if (/failed to connect to local tailscaled?|tailscaled.*(not running|doesn't appear)/i.test(said))
    return failed('daemon', 'tailscaled does not run')
  if (/access denied|permission denied|must be root/i.test(said))
    return failed('denied', 'the user of the daemon may not change it')
  if (/requires mentioning all/i.test(said))
    return failed('settings', 'it has settings that are not those of this host’s daemon')
  return failed('refused', `${what}: ${lastWords(said, key) ?? 'it said nothing'}`)
}

/** Its reason comes last. Addresses that let a machine in are for nobody else. */
function lastWords(said: string, key: string | null): string | null {
  const lines = said
    .split('\n')
    .map((line) => line.replace(/[^\x20-\x7e]/g, ' ').trim())
    .filter((line) => line !== '')
  const last = lines.filter((line) => !/^https?:\/\//.test(line)).at(-1)
  if (last === undefined) return null
  return withoutKeys(last, key)
    .replace(/https?:\/\/\S+/g, '(address)')
    .replace(/\.$/, '')
    .slice(0, 200)
}
