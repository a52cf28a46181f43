/**
 * Which version of the state this build applies, what came with which version, and when the mesh may go on to the next one.
 *
 * A log is applied by builds of two versions while a mesh is upgraded, and all of them must make the same of it. So nothing that one of
 * them does not know may stand in it. Whoever adds something to a command, or to what `apply` does with one:
 * 1. raises `supported.newest`, if the present one has been released;
 * 2. writes a line into `additions`;
 * 3. keeps what the new thing adds to the state out of it until such a command has come (a field that is `exactOptional`), or, where
 *    `apply` itself changes, asks `state.version` which way to go.
 */
import type { Member } from '../../model/node.ts'
import type { VersionRange } from '../../model/version.ts'
import { firstVersion, readRange } from '../../model/version.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'

/** The state versions that this build applies. A mesh begins at the first, so `oldest` can rise only once it may begin at a later one. */
export const supported: VersionRange = { oldest: 1, newest: 2 }

interface Addition {
  readonly version: number
  readonly command: Command['type']
  /** Left out where the whole command is new. Dots lead into what is nested. */
  readonly field?: string
}

/** What came after the first version, and with which. */
export const additions: readonly Addition[] = [
  { version: 2, command: 'request-stop', field: 'reason' },
  { version: 2, command: 'submit', field: 'spec.ports' },
  { version: 2, command: 'submit', field: 'spec.health' },
  { version: 2, command: 'submit', field: 'spec.entrypoint' },
  { version: 2, command: 'submit', field: 'spec.workdir' },
  { version: 2, command: 'submit', field: 'spec.user' },
  { version: 2, command: 'submit', field: 'spec.annotations' },
  { version: 2, command: 'submit', field: 'spec.readOnly' },
  { version: 2, command: 'submit', field: 'spec.tmpfs' },
  { version: 2, command: 'submit', field: 'spec.privileges' },
  { version: 2, command: 'submit', field: 'spec.isolation' },
  { version: 2, command: 'submit', field: 'spec.offline' },
  { version: 2, command: 'submit', field: 'spec.sandbox' },
  { version: 2, command: 'report-health' },
  { version: 2, command: 'create-deployment' },
  { version: 2, command: 'update-deployment' },
  { version: 2, command: 'pause-deployment' },
  { version: 2, command: 'resume-deployment' },
  { version: 2, command: 'promote-deployment' },
  { version: 2, command: 'rollback-deployment' },
  { version: 2, command: 'delete-deployment' },
  { version: 2, command: 'set-rollout' },
  { version: 2, command: 'submit', field: 'spec.pull' },
  { version: 2, command: 'submit', field: 'spec.stdin' },
  { version: 2, command: 'submit', field: 'spec.stdinOnce' },
  { version: 2, command: 'submit', field: 'spec.tty' },
  { version: 2, command: 'report-running', field: 'image' },
  { version: 2, command: 'report-running', field: 'overlayAddress' },
  { version: 2, command: 'report-ended', field: 'image' },
  { version: 2, command: 'tell' },
  { version: 2, command: 'report-audit-head' },
  { version: 2, command: 'create-job' },
  { version: 2, command: 'update-job' },
  { version: 2, command: 'stop-job' },
  { version: 2, command: 'suspend-job' },
  { version: 2, command: 'resume-job' },
  { version: 2, command: 'delete-job' },
  { version: 2, command: 'set-job' },
  { version: 2, command: 'forget-jobs' },
  { version: 2, command: 'create-cron' },
  { version: 2, command: 'update-cron' },
  { version: 2, command: 'trigger-cron' },
  { version: 2, command: 'suspend-cron' },
  { version: 2, command: 'resume-cron' },
  { version: 2, command: 'delete-cron' },
  { version: 2, command: 'fire-cron' },
  { version: 2, command: 'create-workflow' },
  { version: 2, command: 'cancel-workflow' },
  { version: 2, command: 'retry-workflow' },
  { version: 2, command: 'delete-workflow' },
  { version: 2, command: 'forget-workflows' },
  { version: 2, command: 'set-workflow' },
  { version: 2, command: 'report-ended', field: 'result' },
  { version: 2, command: 'create-volume' },
  { version: 2, command: 'create-volume', field: 'volume.s3' },
  { version: 2, command: 'remove-volume' },
  { version: 2, command: 'report-snapshot' },
  { version: 2, command: 'remove-snapshot' },
  { version: 2, command: 'report-restore' },
  { version: 2, command: 'create-backup' },
  { version: 2, command: 'import-backup' },
  { version: 2, command: 'report-backup' },
  { version: 2, command: 'delete-backup' },
  { version: 2, command: 'report-backup-gone' },
  { version: 2, command: 'create-backup-schedule' },
  { version: 2, command: 'suspend-backup-schedule' },
  { version: 2, command: 'delete-backup-schedule' },
  { version: 2, command: 'fire-backup' },
  { version: 2, command: 'set-molt-network' },
  { version: 2, command: 'leave-molt-network' },
  { version: 2, command: 'report-molt' },
  { version: 2, command: 'create-namespace', field: 'defaults' },
  { version: 2, command: 'create-namespace', field: 'maxima' },
  { version: 2, command: 'update-namespace', field: 'defaults' },
  { version: 2, command: 'update-namespace', field: 'maxima' },
  { version: 2, command: 'create-policy' },
  { version: 2, command: 'update-policy' },
  { version: 2, command: 'remove-policy' },
  { version: 2, command: 'set-prices' },
  { version: 2, command: 'create-role' },
  { version: 2, command: 'remove-role' },
  { version: 2, command: 'create-user' },
  { version: 2, command: 'link-user' },
  { version: 2, command: 'remove-user' },
  { version: 2, command: 'set-user' },
  { version: 2, command: 'bind-role' },
  { version: 2, command: 'unbind-role' },
  { version: 2, command: 'create-apikey' },
  { version: 2, command: 'revoke-apikey' },
  { version: 2, command: 'rotate-apikey' },
  { version: 2, command: 'note-apikey-use' },
  { version: 2, command: 'set-vault' },
  { version: 2, command: 'create-secret' },
  { version: 2, command: 'set-secret' },
  { version: 2, command: 'update-secret' },
  { version: 2, command: 'delete-secret' },
  { version: 2, command: 'note-reveal' },
  { version: 2, command: 'note-due' },
  { version: 2, command: 'note-secret-use' },
  { version: 2, command: 'create-config' },
  { version: 2, command: 'update-config' },
  { version: 2, command: 'delete-config' },
  { version: 2, command: 'enable-overlay' },
  { version: 2, command: 'disable-overlay' },
  { version: 2, command: 'join-overlay' },
  { version: 2, command: 'leave-overlay' },
  { version: 2, command: 'detour-overlay' },
  { version: 2, command: 'rotate-overlay' },
  { version: 2, command: 'report-overlay' },
  { version: 2, command: 'create-ingress' },
  { version: 2, command: 'create-ingress', field: 'keptBy' },
  { version: 2, command: 'update-ingress' },
  { version: 2, command: 'update-ingress', field: 'expected' },
  { version: 2, command: 'delete-ingress' },
  { version: 2, command: 'delete-ingress', field: 'expected' },
  { version: 2, command: 'create-network-policy' },
  { version: 2, command: 'update-network-policy' },
  { version: 2, command: 'delete-network-policy' },
  { version: 2, command: 'serve-certificates' },
  { version: 2, command: 'leave-certificates' },
  { version: 2, command: 'order-certificate' },
  { version: 2, command: 'answer-certificate' },
  { version: 2, command: 'keep-certificate' },
  { version: 2, command: 'fail-certificate' },
  { version: 2, command: 'share-certificate' },
  { version: 2, command: 'submit', field: 'spec.secrets' },
  { version: 2, command: 'submit', field: 'spec.configs' },
  { version: 2, command: 'submit', field: 'spec.plainEnv' },
]

type Members = Pick<MeshState, 'members'>

/** The lowest state version in which this command may stand in the log. */
export const versionNeeded = (command: Command): number => neededBy(command)?.version ?? firstVersion.newest

/** In words, what of the command needs that version. */
export function newestPart(command: Command): string {
  const field = neededBy(command)?.field
  return field === undefined ? command.type : `${field} of ${command.type}`
}

const neededBy = (command: Command): Addition | undefined =>
  additions
    .filter(
      ({ command: type, field }) => type === command.type && (field === undefined || holds(command, field.split('.'))),
    )
    .toSorted((a, b) => b.version - a.version)[0]

/** Arrays are looked into: one element that has it is enough. */
function holds(value: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path
  if (key === undefined) return value !== undefined
  if (Array.isArray(value)) return value.some((element) => holds(element, path))
  return typeof value === 'object' && value !== null && holds((value as Readonly<Record<string, unknown>>)[key], rest)
}

/** Under which name a node reports what it applies, among its other versions. */
export const stateVersionKey = 'state'

/** What a member's daemon said last that it applies. One that has not reported yet is not known to apply more than the first. */
export const rangeOf = ({ inventory }: Pick<Member, 'inventory'>): VersionRange =>
  readRange(inventory?.versions[stateVersionKey])

/** Members that do not apply this version, by name. All members follow the log, lost ones too: they count until they are removed. */
export const laggards = ({ members }: Members, version: number): readonly string[] =>
  [...members.values()]
    .filter((member) => rangeOf(member).newest < version)
    .map(({ name }) => name)
    .toSorted()

const mostNamed = 8

/** The first of them, for a message; in a large mesh there may be a thousand. */
export function laggardsInWords(state: Members, version: number): string {
  const names = laggards(state, version)
  const more = names.length - mostNamed
  return [...names.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

/** The version that the leader may raise the mesh to now, or null when it has to stay. */
export function versionToRaise(state: Members & Pick<MeshState, 'version'>, leader: VersionRange): number | null {
  const newest = Math.min(leader.newest, ...Array.from(state.members.values(), (member) => rangeOf(member).newest))
  return state.members.size > 0 && newest > state.version ? newest : null
}

/** Whether applying this raises the version. The form of the command and these rules can never change: daemons of every version follow them. */
export const raises = (state: Members & Pick<MeshState, 'version'>, { version }: CommandOf<'raise-version'>): boolean =>
  version > state.version && laggards(state, version).length === 0

export function raiseVersion(step: Step, command: CommandOf<'raise-version'>): Outcome {
  const { state, changes } = step
  const { version } = command
  if (!raises(state, command)) {
    const nodes = laggardsInWords(state, version)
    if (nodes === '') return refused('INVALID_REQUEST', { problem: `the state is of version ${state.version}` })
    return refused('UPGRADE_NEEDED', { what: 'the mesh', needs: version, has: state.version, nodes })
  }
  state.version = version
  changes.push({ type: 'mesh' })
  emit(step, { type: 'mesh.upgraded', message: `the state of the mesh is of version ${version} now` })
  return accepted()
}

/** Why this command may not be proposed in that state; null when it may. The step to a version is for those that know it, so it needs none. */
export function refusalOf(
  command: Command,
  state: Members & Pick<MeshState, 'version'>,
): { readonly what: string; readonly needs: number; readonly has: number; readonly nodes: string } | null {
  const needs = versionNeeded(command)
  if (needs <= state.version) return null
  return { what: newestPart(command), needs, has: state.version, nodes: laggardsInWords(state, needs) }
}
