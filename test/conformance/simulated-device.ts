/** A device that any executor can give, since it is only a name. */
import type { GpuDevice } from '../../src/model/gpu.ts'

export const simulatedDevice: GpuDevice = {
  index: 0,
  uuid: 'SIM-conformance-0',
  vendor: 'nvidia',
  model: 'NVIDIA H100 80GB HBM3',
  memoryMib: 81_559,
  pciBusId: null,
  driver: null,
  computeCapability: '9.0',
  mig: null,
  numaNode: null,
  simulated: true,
}
