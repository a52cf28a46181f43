/** The secrets and config maps that examples of the help pages name. */
import type { Api } from '../../src/doors/cli/peer/api.ts'

const { signal } = new AbortController()

/** A secret with two versions, of which the mesh can make more. */
export async function someSecret(api: Api, name: string): Promise<void> {
  const made = { name, generate: 16, rotateDays: 30, rotateLength: 16 }
  await noWord(api, 'secret', name)
  await api.call('secret.create', made, signal)
  await api.call('secret.set', { name, generate: 16 }, signal)
}

export async function someConfig(api: Api, name: string): Promise<void> {
  await noWord(api, 'config', name)
  await api.call('config.create', { name, data: { REGION: 'eu' } }, signal)
}

export async function noWord(api: Api, kind: string, name: string): Promise<void> {
  const list = kind === 'secret' ? 'secret.list' : 'config.list'
  const there = await api.call(list, { prefix: name }, signal)
  if (there.length > 0) await api.call(kind === 'secret' ? 'secret.delete' : 'config.delete', { name }, signal)
}
