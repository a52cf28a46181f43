/** One host, and work on it that runs until the test says so. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Daemon, WorkloadInfo } from './mesh.ts'
import { eventually, Mesh } from './mesh.ts'

export interface GatedInfo extends WorkloadInfo {
  readonly reason: string | null
  readonly history: readonly { readonly attempt: number; readonly reason: string }[]
}

export interface GatedWork {
  readonly daemon: Daemon
  info(name: string): Promise<GatedInfo>
  reaches(name: string, holds: (info: GatedInfo) => boolean): Promise<GatedInfo>
  /** Runs until it is finished. */
  submit(name: string, ...options: readonly string[]): Promise<unknown>
  finish(name: string): void
  stop(): Promise<void>
}

/** With two GPUs. */
export async function gatedWork(): Promise<GatedWork> {
  const mesh = await Mesh.start({ names: ['only'], gpus: '2xH100' })
  const daemon = mesh.get(0)
  const file = (name: string): string => join(mesh.directory, name)
  const info = (name: string): Promise<GatedInfo> => daemon.json('workload', 'info', name)
  return {
    daemon,
    info,
    reaches: (name, holds) => eventually(`${name} is so far`, 30_000, () => info(name), holds),
    submit: (name, ...options) => {
      const script = `until [ -e ${file(name)} ]; do sleep 0.1; done`
      return daemon.json('run', '-d', '--name', name, ...options, 'host', '--', 'sh', '-c', script)
    },
    finish: (name) => {
      writeFileSync(file(name), '')
    },
    stop: () => mesh.stop(),
  }
}
