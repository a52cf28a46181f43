/** A node whose volumes hold nothing. */
import { ClawError } from '../../src/model/failure.ts'
import type { BackupsView, VolumesView } from '../../src/operations/context.ts'

const none = (): never => {
  throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'there is none here' })
}

/** A node that makes no backups, and keeps none. */
const noBackups: BackupsView = {
  follow: () => none(),
  verify: async () => none(),
  read: () => none(),
}

const noVolumes: VolumesView = {
  copy: async () => none(),
  putOver: async () => none(),
  readCopy: async () => none(),
  fill: async () => none(),
  refuseUsed: () => Promise.resolve(),
  drop: () => Promise.resolve(),
  dropOthers: () => Promise.resolve(),
  forgetCopy: () => Promise.resolve(),
  discard: () => Promise.resolve(),
}

export const nothingKept = { volumes: noVolumes, backups: noBackups }
