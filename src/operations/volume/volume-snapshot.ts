/** Copies of what is in volumes, and the way back. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { Volume, VolumeSnapshot } from '../../model/volume.ts'
import { volumeKey, volumeName } from '../../model/volume.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { refresh } from '../find.ts'
import { stream, unary } from '../operation.ts'
import { Told } from '../told.ts'
import { randomWord } from '../workload/workload-request.ts'
import { refill, refuseUsed } from './refill.ts'
import { find, homeOf } from './volume.ts'

const named = {
  name: volumeName.describe('Of the volume'),
  namespace: namespaceName.default(defaultNamespace).describe('Whose it is'),
}
const snapshot = z.string().min(1).max(64).describe('Id of the snapshot')

export const volumeSnapshot = stream({
  name: 'volume.snapshot',
  about: 'Copy what is in a volume, on the node where it is. Work that writes meanwhile is copied as it is found.',
  input: z.strictObject(named),
  output: z.object({
    isDone: z.boolean(),
    bytes: z.int().describe('Copied so far'),
    id: z.string().nullable().describe('Of the snapshot, once it is there'),
    sha256: z.string().nullable(),
  }),
  permission: { verb: 'create', resource: 'volume' },
  namespace: ({ namespace }) => namespace,
  rest: { method: 'POST', path: '/api/volumes/:name/snapshots' },
  where: ({ namespace, name }, context) => homeOf(namespace, name, context),
  async *handler({ namespace, name }, context, { caller, signal }) {
    await refresh(context, signal)
    const volume = find(context, namespace, name)
    if (volume.type === 'tmpfs')
      throw new ClawError('INVALID_REQUEST', { problem: 'a tmpfs is gone with its last user' })
    if (volume.type === 's3')
      throw new ClawError('INVALID_REQUEST', {
        problem: 'what a store of objects holds is kept there: volume push puts there what work has written',
      })
    const id = `snap-${randomWord(context.random, 10)}`
    const told = new Told()
    const copying = context.volumes.copy(volume, id, (bytes) => told.note(bytes), signal).finally(() => told.end())
    copying.catch(() => 'looked at below')
    for await (const bytes of told) yield { isDone: false, bytes, id: null, sha256: null }
    const copied = await copying
    try {
      const command = {
        type: 'report-snapshot',
        namespace,
        name,
        node: context.self,
        snapshot: { id, ...copied },
      } as const
      await carryOut('snapshot', command, { context, caller, signal, key: id })
    } catch (error) {
      await context.volumes.forgetCopy(id)
      throw error
    }
    yield { isDone: true, bytes: copied.bytes, id, sha256: copied.sha256 }
  },
})

export const volumeRestore = unary({
  name: 'volume.restore',
  about: 'Put a snapshot back into its volume, which nothing may use meanwhile.',
  input: z.strictObject({ ...named, snapshot }),
  output: z.object({ name: z.string(), snapshot: z.string(), bytes: z.int() }),
  permission: { verb: 'change', resource: 'volume' },
  namespace: ({ namespace }) => namespace,
  rest: { method: 'POST', path: '/api/volumes/:name/restore' },
  where: (input, context) => keeperOf(input, context),
  async handler({ namespace, name, snapshot: id }, context, { caller, signal }) {
    await refresh(context, signal)
    const volume = find(context, namespace, name)
    const wanted = snapshotOf(volume, id)
    refuseUsed(volume, context)
    if (volume.type === 'local')
      await refill(volume, await context.volumes.readCopy(wanted), { context, caller, signal })
    else await context.volumes.putOver(volume, wanted, signal)
    return { name, snapshot: id, bytes: wanted.bytes }
  },
})

export const volumeForget = unary({
  name: 'volume.forget',
  about: 'Remove one snapshot of a volume.',
  input: z.strictObject({ ...named, snapshot }),
  output: z.object({ name: z.string(), snapshot: z.string(), removed: z.boolean() }),
  permission: { verb: 'remove', resource: 'volume' },
  namespace: ({ namespace }) => namespace,
  rest: { method: 'DELETE', path: '/api/volumes/:name/snapshots/:snapshot' },
  where: (input, context) => keeperOf(input, context),
  async handler({ namespace, name, snapshot: id }, context, { caller, signal }) {
    await refresh(context, signal)
    const command = { type: 'remove-snapshot', namespace, name, snapshot: id } as const
    await carryOut('snapshot', command, { context, caller, signal })
    await context.volumes.forgetCopy(id)
    return { name, snapshot: id, removed: true }
  },
})

/** The node that has the copy. That there is none is for the handler to say. */
function keeperOf(
  { namespace, name, snapshot: id }: { readonly namespace: string; readonly name: string; readonly snapshot: string },
  { control, self }: OperationContext,
): NodeId {
  const volume = control.state.volumes.get(volumeKey(namespace, name))
  return volume?.snapshots.find((one) => one.id === id)?.node ?? self
}

/** Throws SNAPSHOT_NOT_FOUND. */
function snapshotOf({ namespace, name, snapshots }: Volume, id: string): VolumeSnapshot {
  const found = snapshots.find((one) => one.id === id)
  if (found === undefined)
    throw new ClawError('SNAPSHOT_NOT_FOUND', { snapshot: id, volume: volumeKey(namespace, name) })
  return found
}
