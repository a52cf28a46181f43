/** What work of strangers has to say, and must not: what its profile demands, as far as a mesh can know it before a node is chosen. */
import { profiles } from '../../model/container-profile.ts'
import { isOwnFolder } from '../../model/lease-mark.ts'
import type { Violation } from '../../model/policy.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { networkOf, privilegesOf } from '../../model/workload.ts'
import { imageNames } from './image-names.ts'

export function guestFindings(spec: WorkloadSpec): readonly Omit<Violation, 'policy' | 'mode'>[] {
  const { requires, user, pids } = profiles.guest
  const named = { cpu: spec.cpus, memory: spec.memoryMib, timeout: spec.timeoutMs }
  const missing = requires.filter((limit) => named[limit] === undefined)
  const [privilege] = privilegesOf({ ...spec, network: 'bridge' })
  // What it was sent, and what it leaves, are volumes that its provider has made for it.
  const mount = spec.mounts.find(({ source }) => !isOwnFolder(spec, source))
  const finding = (is: boolean, rule: string, value: string, wants: string) => (is ? [{ rule, value, wants }] : [])
  return [
    ...finding(mount !== undefined, 'mounts', mount?.source ?? '', 'no mount at all'),
    ...finding(privilege !== undefined, 'privileges', privilege ?? '', 'none'),
    ...finding(networkOf(spec) === 'host', 'network', 'host', '--network bridge, and no gang'),
    ...finding(
      spec.user !== undefined && spec.user !== user,
      'user',
      spec.user ?? '',
      `none: it is ${user}, with at most ${pids} processes`,
    ),
    ...finding((imageNames(spec.image)?.digest ?? null) === null, 'image', spec.image, 'name@sha256:… with its digest'),
    ...finding(missing.length > 0, 'limits', 'none', missing.map((limit) => `--${limit}`).join(' and ')),
    ...finding(spec.executor !== 'docker', 'executor', spec.executor ?? 'any', '--executor docker'),
  ]
}
