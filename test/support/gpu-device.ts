/** A GPU for tests that only care about some of its properties. */
import type { GpuDevice } from '../../src/model/gpu.ts'

export const gpuDevice = (parts: Partial<GpuDevice> = {}): GpuDevice => ({
  index: 0,
  uuid: 'GPU-a',
  vendor: 'nvidia',
  model: 'NVIDIA H100 80GB HBM3',
  memoryMib: 81_559,
  pciBusId: null,
  driver: null,
  computeCapability: null,
  mig: null,
  numaNode: null,
  simulated: false,
  ...parts,
})
