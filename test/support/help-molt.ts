/** What the examples of `molt` need, or would stumble over. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Api } from '../../src/doors/cli/peer/api.ts'
import { ClawError } from '../../src/model/failure.ts'
import { eventually } from './mesh.ts'
import { fileText } from './specs.ts'

const { signal } = new AbortController()
const lending = "prices: { '*': 2 MOLT }\nreclaim: 30s\n"

/** Other ends than 0 that are right. */
export const moltEnds = [
  ['molt lease info', 4, 'nobody has rented anything: molt-lease.test.ts'],
  ['molt request', 5, 'simulated work has no images, so they have no digests: molt.test.ts'],
  ['molt submit', 5, 'simulated work has no images, so they have no digests: molt.test.ts'],
  ...(['molt job info', 'molt logs', 'molt exec', 'molt cancel'] as const).map(
    (line) => [line, 4, 'no stranger runs anything: molt.test.ts'] as const,
  ),
] as const

/** `folder` is where the examples are run. */
export async function beforeMolt(api: Api, line: string, folder: string): Promise<void> {
  const has = await hasNetwork(api)
  if (line.startsWith('molt network create')) {
    if (has) await api.call('moltnetwork.leave', {}, signal)
    return
  }
  if (!has) await api.call('moltnetwork.create', {}, signal)
  if (/^molt (leases|lease|earnings)/.test(line)) await api.call('molt.join', { mode: 'moderate' }, signal)
  if (/^molt (market|request|submit|jobs?|logs|exec|cancel)/.test(line))
    await api.call('molt.join', { mode: 'buy-only' }, signal)
  if (line.includes('molt-job.toml'))
    writeFileSync(join(folder, 'molt-job.toml'), fileText('config/examples/molt-job.toml'))
  if (line.includes('lending.yaml')) writeFileSync(join(folder, 'lending.yaml'), lending)
  if (!/^molt network (export|join)/.test(line)) return
  const network = await eventually(
    'a witness has said where it is',
    15_000,
    () => api.call('moltnetwork.export', {}, signal),
    ({ bootstrap }) => bootstrap.length > 0,
  )
  if (line.includes(' join ')) writeFileSync(join(folder, 'lab-network.json'), JSON.stringify(network))
}

async function hasNetwork(api: Api): Promise<boolean> {
  try {
    await api.call('moltnetwork.info', {}, signal)
    return true
  } catch (error) {
    if (!ClawError.is(error, 'MOLT_NO_NETWORK')) throw error
    return false
  }
}
