/** A device that any executor can give, since it is only a name. */
import { gpuDevice } from '../support/gpu-device.ts'

export const simulatedDevice = gpuDevice({ uuid: 'SIM-conformance-0', computeCapability: '9.0', simulated: true })
