/** A node whose volumes hold nothing. */
import { ClawError } from '../../src/model/failure.ts'
import type { VolumesView } from '../../src/operations/context.ts'

const none = (): never => {
  throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'there is none here' })
}

export const noVolumes: VolumesView = {
  copy: async () => none(),
  putBack: async () => none(),
  forgetCopy: () => Promise.resolve(),
  discard: () => Promise.resolve(),
}
