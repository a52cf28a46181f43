/** The ingresses, and the network policies, that the examples of the help pages name. */
import type { Api } from '../../src/doors/cli/peer/api.ts'
import { ClawError } from '../../src/model/failure.ts'
import { beforeNetworkPolicy } from './help-network-policy.ts'

const { signal } = new AbortController()

/** The one that is to be made is not there; the one that is looked at, changed or deleted is. */
export async function beforeIngress(stage: Stage, line: string): Promise<void> {
  if (line.startsWith('network policy')) {
    await beforeNetworkPolicy(stage, line)
    return
  }
  // One that an example has made may take no requests.
  await stage.without('web')
  await stage.deployment('web')
  await (line.startsWith('ingress create') ? noIngress(stage.api, line) : someIngress(stage.api))
}

interface Stage {
  readonly api: Api
  readonly folder: string
  without(deployment: string): Promise<void>
  deployment(name: string): Promise<void>
}

/** None of the name that the line has for one. */
async function noIngress(api: Api, line: string): Promise<void> {
  try {
    await api.call('ingress.delete', { name: line.split(' ')[2] ?? '' }, signal)
  } catch (error) {
    if (!ClawError.is(error, 'INGRESS_NOT_FOUND')) throw error
  }
}

async function someIngress(api: Api): Promise<void> {
  await noIngress(api, 'ingress create site')
  await api.call('ingress.create', { name: 'site', host: 'app.example.org', deployment: 'web' }, signal)
}
