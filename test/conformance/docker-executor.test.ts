/** The Docker executor against a real engine: the one at CLAW_LAB_DOCKER. */
import { describe } from 'vitest'
import { dockerExecutor } from '../../src/adapters/docker/docker-executor.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { silent } from '../../src/ports/log.ts'
import { executorConformance } from './executor.ts'
import { labDocker, labImage, removeContainersOf } from '../support/lab-docker.ts'
import { mesh } from './executor-bench.ts'
import { gpuDevice } from '../support/gpu-device.ts'

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const address = labDocker ?? ''
  executorConformance(
    'docker',
    () =>
      Promise.resolve({
        open: () => Promise.resolve(dockerExecutor({ address, clock: systemClock, log: silent })),
        dispose: () => removeContainersOf(address, mesh),
      }),
    {
      image: labImage,
      oom: true,
      images: true,
      programs: true,
      terminals: true,
      keepsTasks: true,
      device: gpuDevice({ uuid: 'SIM-conformance-0', simulated: true }),
    },
  )
})
