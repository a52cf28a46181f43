/** What the commands on jobs, schedules and workflows have in common. */
import type { OptionSpec } from '../line/command.ts'
import type { Session } from '../line/command.ts'

export const namespaceOption = {
  namespace: { kind: 'text', value: 'NAME', about: 'Where it is; $CLAWBERNETES_NAMESPACE or default if left out' },
} as const satisfies Readonly<Record<string, OptionSpec>>

export const reasonOption = {
  reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' },
} as const satisfies Readonly<Record<string, OptionSpec>>

export const logOptions = {
  tail: { kind: 'number', value: 'N', bare: 100, about: 'Only the last N lines of each run (100 if N is left out)' },
  since: { kind: 'text', value: 'TIME', about: 'Only lines since then: 10m, "1h ago", or an ISO time' },
  search: { kind: 'text', value: 'PATTERN', about: 'Only lines with this text, or /regular expression/' },
  timestamps: { kind: 'flag', short: 't', about: 'Begin each line with its time' },
} as const satisfies Readonly<Record<string, OptionSpec>>

export const namespaceIn = (
  { namespace }: { readonly namespace: string | undefined },
  { host }: Pick<Session, 'host'>,
): string | undefined => namespace ?? (host.env['CLAWBERNETES_NAMESPACE'] || undefined)
