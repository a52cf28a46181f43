/** What an engine says of itself, for whoever wants to know before anything runs there. */
import { readdir } from 'node:fs/promises'
import type { Millis } from '../../model/time.ts'
import { ask, connectEngine } from './engine.ts'

export interface EngineFacts {
  readonly version: string
  readonly runtimes: readonly string[]
  readonly hasCdi: boolean
}

/** Engines from 28.3 tell the devices that they know of; dockerode's types do not yet. */
interface Info {
  readonly ServerVersion?: string
  readonly Runtimes?: Readonly<Record<string, unknown>>
  /** Where an engine that can do CDI looks for what there is. */
  readonly CDISpecDirs?: readonly string[] | null
  readonly DiscoveredDevices?: readonly { readonly Source?: string }[] | null
}

/** Throws EXECUTOR_UNAVAILABLE when it does not answer in time. */
export async function engineFacts(address: string, limit: Millis, signal: AbortSignal): Promise<EngineFacts> {
  const engine = connectEngine(address)
  const info = (await ask(signal, () => engine.info() as Promise<unknown>, limit)) as Info
  return {
    version: info.ServerVersion ?? 'unknown',
    runtimes: Object.keys(info.Runtimes ?? {}),
    hasCdi:
      (info.DiscoveredDevices ?? []).some(({ Source }) => Source === 'cdi') || (await specIn(info.CDISpecDirs ?? [])),
  }
}

async function specIn(folders: readonly string[]): Promise<boolean> {
  const files = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))
  return files.flat().some((file) => /nvidia.*\.(json|ya?ml)$/.test(file))
}
