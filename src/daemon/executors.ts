/** Which executor runs this host's work: the one that was asked for, or Docker where an engine answers and plain processes elsewhere. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { dockerExecutor } from '../adapters/docker/docker-executor.ts'
import { ProcessExecutor } from '../adapters/process/process-executor.ts'
import { SimulatedExecutor } from '../adapters/simulated/simulated-executor.ts'
import type { ExecutorKind } from '../model/node.ts'
import type { Executor } from '../ports/executor.ts'
import type { Ground } from './ground.ts'
import { supervisorProgram } from './supervisor-program.ts'

const localEngine = 'unix:///var/run/docker.sock'

/** One executor a host: two would each think that the host's memory and cores are theirs. */
export async function chooseExecutors(
  ground: Ground,
  signal: AbortSignal,
): Promise<ReadonlyMap<ExecutorKind, Executor>> {
  const { kind, dockerHost = process.env['DOCKER_HOST'] ?? localEngine } = ground.config.executor
  if (kind === 'auto') return chooseBest(ground, dockerHost, signal)
  return only(make(ground, kind, dockerHost))
}

const only = (executor: Executor): ReadonlyMap<ExecutorKind, Executor> => new Map([[executor.kind, executor]])

async function chooseBest(
  ground: Ground,
  dockerHost: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<ExecutorKind, Executor>> {
  const { log } = ground
  const socket = /^(?:unix:\/\/)?(\/.*)$/.exec(dockerHost)?.[1]
  if (socket !== undefined && !existsSync(socket)) {
    log.info('no Docker Engine here, work runs as plain processes', { engine: dockerHost })
    return only(make(ground, 'process', dockerHost))
  }
  const docker = make(ground, 'docker', dockerHost)
  try {
    log.info('work runs in containers', { engine: dockerHost, version: await docker.version(signal) })
    return only(docker)
  } catch (error) {
    await docker.close()
    log.warn('the Docker Engine does not answer, work runs as plain processes', { engine: dockerHost, error })
    return only(make(ground, 'process', dockerHost))
  }
}

function make(ground: Ground, kind: ExecutorKind, dockerHost: string): Executor {
  const { clock, log, config, panic } = ground
  switch (kind) {
    case 'docker':
      return dockerExecutor({ address: dockerHost, clock, log })
    case 'process':
      return new ProcessExecutor({
        folder: join(config.dataDir, 'tasks'),
        supervisor: supervisorProgram(),
        onPanic: panic,
      })
    case 'simulated':
      return new SimulatedExecutor({ clock, store: new Map() })
  }
}
