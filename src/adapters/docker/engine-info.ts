/** What the engine says of itself, each time that something is to be started there: it may have been started anew in between. */
import type Dockerode from 'dockerode'
import type { Sandbox } from '../../model/container-profile.ts'
import type { EngineSafety } from './confinement.ts'
import { safetyOf } from './confinement.ts'
import { ask } from './engine.ts'
import type { GpuSupport } from './gpu-grant.ts'
import { sandboxesIn } from './sandboxes.ts'

export interface EngineInfo {
  readonly gpus: GpuSupport
  readonly safety: EngineSafety
  /** With the names of their runtimes. */
  readonly sandboxes: ReadonlyMap<Sandbox, string>
}

/** Older engines do not tell all of this, and the types know less than the engine does. */
interface Info {
  readonly CDISpecDirs?: readonly string[] | null
  readonly DiscoveredDevices?: readonly { readonly Source?: string; readonly ID?: string }[] | null
  readonly DefaultRuntime?: string
  readonly Runtimes?: Readonly<Record<string, unknown>> | null
  readonly SecurityOptions?: readonly string[] | null
}

export async function engineInfo(docker: Dockerode, signal: AbortSignal): Promise<EngineInfo> {
  const info = (await ask(signal, () => docker.info() as Promise<unknown>)) as Info
  return {
    gpus: {
      cdi: (info.CDISpecDirs ?? []).length > 0,
      cdiDevices: (info.DiscoveredDevices ?? []).flatMap(({ Source, ID }) => (Source === 'cdi' && ID ? [ID] : [])),
      nvidiaByDefault: info.DefaultRuntime === 'nvidia',
    },
    safety: safetyOf(info.SecurityOptions ?? []),
    sandboxes: sandboxesIn(Object.keys(info.Runtimes ?? {})),
  }
}
