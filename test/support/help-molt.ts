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
  ['molt probe', 5, 'simulated work has no images, so they have no digests: molt-verification.test.ts'],
  ['molt submit', 5, 'simulated work has no images, so they have no digests: molt.test.ts'],
  ...(['molt dispute open', 'molt dispute info', 'molt dispute evidence', 'molt verdict'] as const).map(
    (line) => [line, 4, 'nothing is disputed: molt-dispute.test.ts'] as const,
  ),
  ...(['molt job info', 'molt job outputs', 'molt logs', 'molt exec', 'molt cancel'] as const).map(
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
  if (/^molt (market|findings|probe|dispute|verdict|request|submit|jobs?|logs|exec|cancel)/.test(line))
    await api.call('molt.join', { mode: 'buy-only' }, signal)
  if (line.includes('molt-job.toml'))
    writeFileSync(join(folder, 'molt-job.toml'), fileText('config/examples/molt-job.toml'))
  if (line.includes('lending.yaml')) writeFileSync(join(folder, 'lending.yaml'), lending)
  if (/^molt (wallet|balance|transfer|statement|verify|reputation)/.test(line)) await beforeWallet(api, line, folder)
  if (!/^molt network (export|join)/.test(line)) return
  const network = await eventually(
    'a witness has said where it is',
    15_000,
    () => api.call('moltnetwork.export', {}, signal),
    ({ bootstrap }) => bootstrap.length > 0,
  )
  if (line.includes(' join ')) writeFileSync(join(folder, 'lab-network.json'), JSON.stringify(network))
}

/** The first node is the issuer, and the others that are named take part. */
async function beforeWallet(api: Api, line: string, folder: string): Promise<void> {
  for (const node of ['gpu-node-1', 'gpu-node-2'])
    if (line.includes(node)) await api.call('molt.join', { mode: 'buy-only', node }, signal)
  await api.call('molt.join', { mode: 'buy-only' }, signal)
  await eventually(
    'the mesh knows their accounts, and enough witnesses are there',
    15_000,
    () => api.call('molt.status', {}, signal),
    ({ nodes, witnesses, connected }) =>
      connected &&
      witnesses.isEnough &&
      ['gpu-node-1', 'gpu-node-2'].every((name) => !line.includes(name) || nodes.some(({ node }) => node === name)),
  )
  if (!line.includes('account.json')) return
  let text = ''
  for await (const part of api.stream('molt.export', { format: 'json' }, signal)) text += part.text
  writeFileSync(join(folder, 'account.json'), text)
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
