/** The network policies that the examples of the help pages name. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Api } from '../../src/doors/cli/peer/api.ts'

const { signal } = new AbortController()

interface Stage {
  readonly api: Api
  readonly folder: string
  deployment(name: string): Promise<void>
}

/** None but the one that is looked at, changed or deleted; and whoever is asked about. */
export async function beforeNetworkPolicy(stage: Stage, line: string): Promise<void> {
  const { api, folder } = stage
  for (const { name } of await api.call('networkpolicy.list', {}, signal))
    await api.call('networkpolicy.delete', { name }, signal)
  writeFileSync(
    join(folder, 'network-policy.yaml'),
    'select: {}\ningress:\n  - from: [same-namespace]\n    ports: [443]\n',
  )
  if (/^network policy (info|update|delete)/.test(line))
    await api.call('networkpolicy.create', { name: 'web-only', ingress: [] }, signal)
  if (line.startsWith('network policy check')) for (const name of ['web', 'db']) await stage.deployment(name)
}
