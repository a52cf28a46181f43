/** The Docker executor against a real engine: the one at CLAW_LAB_DOCKER. */
import { describe } from 'vitest'
import { dockerExecutor } from '../../src/adapters/docker/docker-executor.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { silent } from '../../src/ports/log.ts'
import { executorConformance } from './executor.ts'
import { labDocker, labImage, removeContainersOf } from '../support/lab-docker.ts'
import { mesh } from './executor-bench.ts'

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
      keepsTasks: true,
      device: {
        index: 0,
        uuid: 'SIM-conformance-0',
        vendor: 'nvidia',
        model: 'NVIDIA H100 80GB HBM3',
        memoryMib: 81_559,
        pciBusId: null,
        driver: null,
        computeCapability: null,
        mig: null,
        numaNode: null,
        simulated: true,
      },
    },
  )
})
