/** The Docker executor against a real engine: the one at CLAW_LAB_DOCKER. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { dockerExecutor } from '../../src/adapters/docker/docker-executor.ts'
import { memoryFiles } from '../../src/adapters/memory/memory-files.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { silent } from '../../src/ports/log.ts'
import { executorConformance } from './executor.ts'
import { inspected, memoryFolder } from './traces.ts'
import { labDocker, labImage, removeContainersOf } from '../support/lab-docker.ts'
import { mesh } from './executor-bench.ts'
import { gpuDevice } from '../support/gpu-device.ts'

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const address = labDocker ?? ''
  executorConformance(
    'docker',
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'claw-docker-'))
      const memory = memoryFiles(dataDir)
      return {
        open: () => Promise.resolve(dockerExecutor({ address, clock: systemClock, log: silent, memory })),
        traces: () => inspected(address, mesh),
        memory: memoryFolder(dataDir),
        async dispose() {
          await removeContainersOf(address, mesh)
          await rm(dataDir, { recursive: true })
        },
      }
    },
    {
      image: labImage,
      oom: true,
      images: true,
      programs: true,
      terminals: true,
      keepsTasks: true,
      files: 'alone',
      showsEnvironment: true,
      device: gpuDevice({ uuid: 'SIM-conformance-0', simulated: true }),
    },
  )
})
