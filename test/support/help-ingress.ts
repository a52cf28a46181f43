/** The ingresses that the examples of the help pages name. */
import type { Api } from '../../src/doors/cli/peer/api.ts'
import { ClawError } from '../../src/model/failure.ts'

const { signal } = new AbortController()

/** None of the name that the line has for one. */
export async function noIngress(api: Api, line: string): Promise<void> {
  try {
    await api.call('ingress.delete', { name: line.split(' ')[2] ?? '' }, signal)
  } catch (error) {
    if (!ClawError.is(error, 'INGRESS_NOT_FOUND')) throw error
  }
}

export async function someIngress(api: Api): Promise<void> {
  await noIngress(api, 'ingress create site')
  await api.call('ingress.create', { name: 'site', host: 'app.example.org', deployment: 'web' }, signal)
}
