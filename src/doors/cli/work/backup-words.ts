/** What the commands on backups have in common. */
import type { OutputOf } from '../../../operations/registry.ts'
import { pairsOf } from '../line/pairs.ts'
import type { Host } from '../host.ts'
import type { OptionSpec } from '../line/command.ts'
import { facts, orDash } from '../show/words.ts'
import { storeAt, storeOptions } from './store-words.ts'
import { bytesInWords, inNamespace, namespaceOption } from './volume-words.ts'

/** What is to be copied, and where to. */
export const askedOptions = {
  ...namespaceOption,
  volume: {
    kind: 'list',
    short: 'v',
    value: 'NAME',
    about: 'Volume; repeat for more, leave out for all of the namespace',
  },
  label: { kind: 'list', value: 'NAME=VALUE', about: 'Only volumes with this label; repeat for more' },
  mesh: { kind: 'flag', about: 'The state of the mesh instead of volumes' },
  ...storeOptions,
  to: { kind: 'text', value: 'DIR', about: 'Directory of the node, which its owner lets be mounted' },
  node: {
    kind: 'text',
    value: 'NODE',
    about: 'The node that makes and keeps it; the one that has the data if left out',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

interface Asked {
  readonly namespace: string | undefined
  readonly volume: readonly string[]
  readonly label: readonly string[]
  readonly mesh: boolean
  readonly to: string | undefined
  readonly node: string | undefined
  readonly s3: string | undefined
  readonly 's3-secret': string | undefined
  readonly 's3-region': string | undefined
}

export const askedOf = ({ volume, label, mesh, to, node, s3, ...where }: Asked, host: Pick<Host, 'env'>) => ({
  ...{ ...inNamespace(where, host), volumes: [...volume], labels: pairsOf(label, '--label'), mesh },
  ...{ directory: to, node },
  ...(s3 !== undefined && { s3: storeAt(s3, where) }),
})

export const backupFacts = (one: OutputOf<'backup.info'>): readonly string[] =>
  facts([
    ['Id', one.id],
    ['Of', one.scope === 'mesh' ? 'the state of the mesh' : `${one.volumes.join(', ')} of ${one.namespace}`],
    ['State', one.reason === null ? one.state : `${one.state}: ${one.reason}`],
    ['Where', `${one.target} by ${one.node}`],
    ['Schedule', orDash(one.schedule)],
    ['Created', `${one.createdAt} by ${one.createdBy}`],
    ['Ended', orDash(one.endedAt)],
    ['Encrypted with', orDash(one.key)],
    ...one.files.map(({ name, bytes, sha256 }): [string, string] => [
      'File',
      `${name}  ${bytesInWords(bytes)}  sha256 ${sha256}`,
    ]),
  ])
