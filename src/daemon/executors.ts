/** Which executor runs this host's work: the one that was asked for, or Docker where an engine answers and plain processes elsewhere. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { containerNetworks } from '../adapters/docker/container-network.ts'
import { dockerExecutor } from '../adapters/docker/docker-executor.ts'
import { dockerVolumes } from '../adapters/docker/volume-engine.ts'
import { memoryFiles } from '../adapters/memory/memory-files.ts'
import { ProcessExecutor } from '../adapters/process/process-executor.ts'
import { SimulatedExecutor } from '../adapters/simulated/simulated-executor.ts'
import type { ExecutorKind } from '../model/node.ts'
import type { ContainerNetworks } from '../ports/container-network.ts'
import type { Executor } from '../ports/executor.ts'
import type { VolumeEngine } from '../ports/volumes.ts'
import type { ImageService } from '../services/images/image-service.ts'
import type { Ground } from './ground.ts'
import { confinementOf } from './confinement.ts'
import { supervisorProgram } from './supervisor-program.ts'

const localEngine = 'unix:///var/run/docker.sock'

/** Makes what brings images to the engine at that address. */
type MakeImages = (address: string) => ImageService

export interface Chosen {
  readonly executors: ReadonlyMap<ExecutorKind, Executor>
  /** Null where no containers run. */
  readonly images: ImageService | null
  /** Null where no containers run. */
  readonly volumes: VolumeEngine | null
  /** Null where no containers run. */
  readonly networks: ContainerNetworks | null
}

/** One executor a host: two would each think that the host's memory and cores are theirs. */
export async function chooseExecutors(ground: Ground, makeImages: MakeImages, signal: AbortSignal): Promise<Chosen> {
  const { kind, dockerHost = process.env['DOCKER_HOST'] || localEngine } = ground.config.executor
  if (kind === 'auto') return chooseBest(ground, { makeImages, dockerHost }, signal)
  return kind === 'docker' ? docker(ground, makeImages(dockerHost), dockerHost) : only(make(ground, kind))
}

const only = (executor: Executor): Chosen => ({
  executors: new Map([[executor.kind, executor]]),
  ...{ images: null, volumes: null, networks: null },
})

const withEngine = (
  { config, identity }: Ground,
  executor: Executor,
  images: ImageService,
  address: string,
): Chosen => ({
  ...only(executor),
  ...{ images, volumes: dockerVolumes(address, confinementOf(config), identity.id) },
  networks: containerNetworks(address, identity.id),
})

const docker = (ground: Ground, images: ImageService, address: string): Chosen =>
  withEngine(ground, dockerIn(ground, images, address), images, address)

const dockerIn = ({ clock, log, config }: Ground, images: ImageService, address: string): Executor =>
  dockerExecutor({
    address,
    clock,
    log,
    images,
    confinement: confinementOf(config),
    memory: memoryFiles(config.dataDir),
  })

async function chooseBest(
  ground: Ground,
  { makeImages, dockerHost }: { readonly makeImages: MakeImages; readonly dockerHost: string },
  signal: AbortSignal,
): Promise<Chosen> {
  const { log } = ground
  const socket = /^(?:unix:\/\/)?(\/.*)$/.exec(dockerHost)?.[1]
  if (socket !== undefined && !existsSync(socket)) {
    log.info('no Docker Engine here, work runs as plain processes', { engine: dockerHost })
    return only(make(ground, 'process'))
  }
  const images = makeImages(dockerHost)
  const executor = dockerIn(ground, images, dockerHost)
  try {
    log.info('work runs in containers', { engine: dockerHost, version: await executor.version(signal) })
    return withEngine(ground, executor, images, dockerHost)
  } catch (error) {
    await executor.close()
    log.warn('the Docker Engine does not answer, work runs as plain processes', { engine: dockerHost, error })
    return only(make(ground, 'process'))
  }
}

function make(ground: Ground, kind: Exclude<ExecutorKind, 'docker'>): Executor {
  const { clock, config, panic } = ground
  switch (kind) {
    case 'process':
      return new ProcessExecutor({
        folder: join(config.dataDir, 'tasks'),
        supervisor: supervisorProgram(),
        memory: memoryFiles(config.dataDir),
        onPanic: panic,
      })
    case 'simulated':
      return new SimulatedExecutor({ clock, store: new Map() })
  }
}
