/** What work has written of a volume of S3, put into its store. */
import { z } from 'zod'
import { mountFindings } from '../../core/policy/evaluate.ts'
import { deniedBy } from '../../core/state/policies.ts'
import { behindVolume } from '../../core/state/volume-paths.ts'
import { ClawError } from '../../model/failure.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeName } from '../../model/volume.ts'
import type { OperationContext } from '../context.ts'
import { refresh } from '../find.ts'
import { stream } from '../operation.ts'
import { Told } from '../told.ts'
import { find, homeOf } from './volume.ts'

const count = z.int().nullable()
/** Most of those left out that are named. */
const mostNamed = 16

export const volumePush = stream({
  name: 'volume.push',
  about:
    'Put what work has changed in a volume of S3 into its store. What was changed on both sides is refused before anything is written.',
  input: z.strictObject({
    name: volumeName.describe('Of the volume'),
    namespace: namespaceName.default(defaultNamespace).describe('Whose it is'),
    delete: z.boolean().default(false).describe('What is gone here since it was fetched, or put, goes there, too'),
    force: z.boolean().default(false).describe('What is here counts where both sides have been changed'),
  }),
  output: z.object({
    isDone: z.boolean(),
    bytes: z.int().describe('Put so far'),
    put: count.describe('Objects that were written, once it is done'),
    deleted: count,
    left: count.describe('Gone here, and still there'),
    theirs: count.describe('Changed in the store alone: nothing was done to them, and they were not fetched'),
    leftOut: count.describe('Symbolic links, devices and the like, which no store can hold'),
    leftOutPaths: z
      .array(z.string())
      .nullable()
      .describe(`Up to ${mostNamed} of them, those first that the store has an object for: it stays as it is`),
  }),
  permission: { verb: 'change', resource: 'volume' },
  namespace: ({ namespace }) => namespace,
  rest: { method: 'POST', path: '/api/volumes/:name/push' },
  where: ({ namespace, name }, context) => homeOf(namespace, name, context),
  async *handler({ namespace, name, delete: removes, force }, context, { signal }) {
    await refresh(context, signal)
    const volume = find(context, namespace, name)
    refuseForbidden(volume, context)
    const told = new Told()
    const rules = { removes, force }
    const pushing = context.volumes.push(volume, rules, (bytes) => told.note(bytes), signal).finally(() => told.end())
    pushing.catch(() => 'looked at below')
    let bytes = 0
    const unknown = { put: null, deleted: null, left: null, theirs: null, leftOut: null, leftOutPaths: null }
    for await (const sofar of told) yield { isDone: false, bytes: (bytes = sofar), ...unknown }
    const { put, remove, left, theirs, leftOut } = await pushing
    const counts = { put: put.length, deleted: remove.length, left: left.length, theirs: theirs.length }
    const others = { leftOut: leftOut.length, leftOutPaths: leftOut.slice(0, mostNamed) }
    yield { isDone: true, bytes: Math.max(bytes, told.bytes), ...counts, ...others }
  },
})

/** A place that work may not mount is not written either, whenever that was said. Throws POLICY_DENIED. */
function refuseForbidden(volume: Volume, { control }: OperationContext): void {
  const behind = behindVolume(volume)
  const findings = behind === null ? [] : mountFindings(control.state.policies.values(), volume.namespace, behind)
  if (findings.length > 0) throw new ClawError('POLICY_DENIED', deniedBy(findings))
}
