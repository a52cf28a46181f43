/** What the commands that look for audit entries have in common. */
import type { OptionSpec } from '../line/command.ts'

export const nodeOptions = {
  node: { kind: 'text', value: 'NODE', about: 'The log of this node, instead of that of the peer that is asked' },
  all: { kind: 'flag', about: 'The logs of all nodes' },
} as const satisfies Readonly<Record<string, OptionSpec>>

export const auditOptions = {
  ...nodeOptions,
  actor: { kind: 'text', value: 'WHO', about: 'Who did it: socket, token:api, a key, a user' },
  operation: { kind: 'text', value: 'NAME', about: 'Such as workload.run; workload.* for all of them' },
  resource: { kind: 'text', value: 'KIND', about: 'What kind of thing: workload, node, namespace …' },
  namespace: { kind: 'text', short: 'n', value: 'NAME', about: 'In this namespace' },
  object: { kind: 'text', value: 'NAME', about: 'Done to what goes by this name or id' },
  decision: { kind: 'text', value: 'WORD', choices: ['allowed', 'denied'], about: 'Only allowed, or only denied' },
  request: { kind: 'text', value: 'ID', about: 'All that one request has led to' },
  since: { kind: 'text', value: 'TIME', about: 'Not before: 10m, "24h ago", or an ISO time' },
  until: { kind: 'text', value: 'TIME', about: 'Not after: as for --since' },
  limit: { kind: 'number', value: 'N', about: 'At most so many, the newest' },
} as const satisfies Readonly<Record<string, OptionSpec>>

interface Given {
  readonly node: string | undefined
  readonly all: boolean
  readonly actor: string | undefined
  readonly operation: string | undefined
  readonly resource: string | undefined
  readonly namespace: string | undefined
  readonly object: string | undefined
  readonly decision: string | undefined
  readonly request: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly limit: number | undefined
}

/** As the operations take it; the peer checks what it says. */
export const wantedOf = ({ node, all, actor, operation, resource, namespace, object, ...more }: Given) => ({
  ...{ node, all, actor, operation, resource, namespace, object },
  ...{ request: more.request, since: more.since, until: more.until },
  decision: more.decision as 'allowed' | 'denied' | undefined,
  ...(more.limit === undefined ? {} : { limit: more.limit }),
})
