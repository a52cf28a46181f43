/** Secrets in the state: what is known of them is who made, changed and had which version, and never a value. */
import { needsStore } from './volumes.ts'
import type { NodeId } from '../../model/ids.ts'
import { workloadId } from '../../model/ids.ts'
import type { Secret, SecretChange, SecretUse, SecretVersion } from '../../model/secret.ts'
import { inNamespace, versionOf } from '../../model/secret.ts'
import { isTerminal } from '../../model/workload.ts'
import { roomObstacle } from './room.ts'
import { change } from './lifecycle.ts'
import { namespaceOf } from './namespaces.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'

export function setVault({ state, at, changes }: Step, command: CommandOf<'set-vault'>): Outcome {
  const { epoch, publicKey } = command
  const before = state.vault
  const known = new Map(
    command.holders.filter(({ node }) => state.members.has(node)).map(({ node, sealed }) => [node, sealed] as const),
  )
  if (before?.epoch === epoch) {
    // The key that there is, for more of the voters.
    if (before.publicKey !== publicKey) return refused('INVALID_REQUEST', { problem: 'the vault has another key' })
    const holders = new Map([...before.holders, ...known])
    if (holders.size > limits.holders) return refused('INVALID_REQUEST', { problem: 'too many would hold the vault' })
    state.vault = { ...before, holders }
  } else {
    if (epoch !== (before?.epoch ?? 0) + 1)
      return refused('INVALID_REQUEST', { problem: `the vault is at epoch ${before?.epoch ?? 0}` })
    if (known.size === 0) return refused('INVALID_REQUEST', { problem: 'nobody could open the vault' })
    state.vault = { epoch, publicKey, since: at, holders: known, isExposed: false }
  }
  changes.push({ type: 'mesh' })
  return accepted()
}

/** Who had the key and is no member any more makes it worthless for what comes. */
export function exposeVault(state: State, node: NodeId): void {
  const { vault } = state
  if (vault === null || !vault.holders.has(node)) return
  const holders = new Map([...vault.holders].filter(([holder]) => holder !== node))
  state.vault = { ...vault, holders, isExposed: true }
}

export function createSecret(step: Step, command: CommandOf<'create-secret'>): Outcome {
  const { state, at, by } = step
  const { namespace, name, sealed, how, policy, rotation } = command
  const key = inNamespace(namespace, name)
  if (namespaceOf(state, namespace) === null) return refused('NAMESPACE_NOT_FOUND', { namespace })
  if (state.secrets.has(key)) return refused('SECRET_EXISTS', { secret: key })
  const obstacle =
    sizeObstacle(state, { by, namespace: command.namespace, more: sealed.length }) ??
    roomObstacle(state, command.namespace, [sealed])
  if (obstacle !== null) return obstacle
  state.secrets.set(key, {
    ...{ namespace, name, policy, rotation },
    versions: [{ number: 1, sealed, at, by, how }],
    current: 1,
    rotatedAt: at,
    isDue: false,
    createdAt: at,
    createdBy: by,
    changes: [{ at, by, what: how, version: 1 }],
    uses: [],
  })
  emit(step, { type: 'secret.created', namespace, message: `the secret ${key} was created by ${by}` })
  return accepted()
}

interface Wanted {
  readonly by: string
  readonly namespace: string
  readonly more: number
}

/** One namespace takes half of it at most. */
function sizeObstacle({ secrets }: Pick<State, 'secrets'>, { by, namespace, more }: Wanted): Outcome | null {
  if (secrets.size >= limits.secrets) return refused('RATE_LIMITED', { who: by })
  const own = [...secrets.values()].filter((secret) => secret.namespace === namespace)
  if (own.reduce((sum, { versions }) => sum + sizeOf(versions), 0) + more > limits.secretsBytes / 2)
    return refused('TOO_LARGE', { what: `all secrets of ${namespace} together`, limit: limits.secretsBytes / 2 })
  const taken = [...secrets.values()].reduce((sum, { versions }) => sum + sizeOf(versions), 0)
  return taken + more > limits.secretsBytes
    ? refused('TOO_LARGE', { what: 'all secrets together', limit: limits.secretsBytes })
    : null
}

const sizeOf = (versions: readonly SecretVersion[]): number =>
  versions.reduce((sum, { sealed }) => sum + sealed.length, 0)

const words: Record<SecretVersion['how'], string> = {
  created: 'was given a new value',
  set: 'was given a new value',
  rotated: 'was rotated',
  generated: 'was rotated, to a value made by the mesh',
}

export function setSecret(step: Step, command: CommandOf<'set-secret'>): Outcome {
  const { state, at, by } = step
  const { sealed, how, version: number } = command
  const found = find(state, command)
  if ('refusal' in found) return found.refusal
  const { secret, key } = found
  if (number !== lastNumber(secret) + 1) return refused('SECRET_CHANGED', { secret: key })
  const { namespace } = secret
  const wanted = { by, namespace, more: sizeOf(secret.versions) + sealed.length }
  const obstacle = sizeObstacle({ secrets: without(state, key) }, wanted) ?? roomObstacle(state, namespace, [sealed])
  if (obstacle !== null) return obstacle
  const versions = [...secret.versions, { number, sealed, at, by, how }].slice(-limits.secretVersions)
  put(step, secret, { versions, current: number, rotatedAt: at, isDue: false }, { what: how })
  emit(step, {
    type: 'secret.rotated',
    namespace,
    message: `the secret ${key} ${words[how]} by ${by}: version ${number}`,
  })
  return accepted()
}

const without = ({ secrets }: State, key: string): Map<string, Secret> =>
  new Map([...secrets].filter(([other]) => other !== key))

/** The current version is among those kept, so a number that was used is never used again. */
const lastNumber = ({ versions, current }: Secret): number => Math.max(current, ...versions.map(({ number }) => number))

export function updateSecret(step: Step, command: CommandOf<'update-secret'>): Outcome {
  const { policy, rotation, current } = command
  const found = find(step.state, command)
  if ('refusal' in found) return found.refusal
  const { secret, key } = found
  if (current !== undefined && versionOf(secret, current) === undefined)
    return refused('SECRET_NOT_FOUND', { secret: key, version: current })
  let after = secret
  if (policy !== undefined) after = put(step, after, { policy }, { what: 'policy' })
  if (rotation !== undefined) after = put(step, after, { rotation, isDue: false }, { what: 'rotation' })
  if (current !== undefined) put(step, after, { current }, { what: 'rolled-back' })
  const what = current === undefined ? 'was changed' : `went back to version ${current}`
  emit(step, {
    type: 'secret.changed',
    namespace: command.namespace,
    message: `the secret ${key} ${what} by ${step.by}`,
  })
  return accepted()
}

export function deleteSecret(step: Step, command: CommandOf<'delete-secret'>): Outcome {
  const { state, by } = step
  const found = find(state, command)
  if ('refusal' in found) return found.refusal
  state.secrets.delete(found.key)
  emit(step, {
    type: 'secret.deleted',
    namespace: command.namespace,
    message: `the secret ${found.key} was deleted by ${by}`,
  })
  return accepted()
}

export function noteReveal(step: Step, command: CommandOf<'note-reveal'>): Outcome {
  const found = find(step.state, command)
  if ('refusal' in found) return found.refusal
  const { secret, key } = found
  put(step, secret, {}, { what: 'revealed', version: command.version })
  emit(step, {
    type: 'secret.revealed',
    namespace: command.namespace,
    message: `${step.by} was told the secret ${key}, version ${command.version}`,
  })
  return accepted()
}

export function noteDue(step: Step, command: CommandOf<'note-due'>): Outcome {
  const found = find(step.state, command)
  if ('refusal' in found) return found.refusal
  const { secret, key } = found
  if (secret.current !== command.version || secret.isDue) return refused('SECRET_CHANGED', { secret: key })
  put(step, secret, { isDue: true }, { what: 'due' })
  emit(step, {
    type: 'secret.due',
    namespace: command.namespace,
    severity: 'warning',
    message: `the secret ${key} is due to be rotated: give it a new value`,
  })
  return accepted()
}

/** What is not there any more was given all the same, so nothing is refused for that. */
export function noteSecretUse(step: Step, { placement, node, uses }: CommandOf<'note-secret-use'>): Outcome {
  const { state } = step
  const backup = state.backups.get(placement)
  if (backup !== undefined) {
    if (backup.target.node !== node) return refused('PLACEMENT_SUPERSEDED', { placement })
    noteUses(step, backup.namespace, { workload: workloadId(backup.id), name: backup.id, node, uses })
    return accepted()
  }
  const volume = state.volumes.get(placement)
  if (volume?.s3 !== undefined) {
    if (!needsStore(state, volume, node)) return refused('PLACEMENT_SUPERSEDED', { placement })
    const name = `the volume ${volume.name}`
    noteUses(step, volume.namespace, { workload: workloadId(placement), name, node, uses })
    return accepted()
  }
  const workload = state.workloads.get(workloadId(placement.slice(0, placement.lastIndexOf('.'))))
  if (workload?.placement?.id !== placement || workload.placement.node !== node || isTerminal(workload.state))
    return refused('PLACEMENT_SUPERSEDED', { placement })
  change(step, workload, { usedSecrets: Object.fromEntries(uses.map(({ name, version }) => [name, version])) })
  noteUses(step, workload.spec.namespace, { workload: workload.id, name: workload.name, node, uses })
  return accepted({ workload: workload.id })
}

type Uses = Pick<SecretUse, 'workload' | 'name' | 'node'> & Pick<CommandOf<'note-secret-use'>, 'uses'>

function noteUses({ state, at }: Step, namespace: string, { uses, ...user }: Uses): void {
  for (const { name, version } of uses) {
    const key = inNamespace(namespace, name)
    const secret = state.secrets.get(key)
    if (secret === undefined) continue
    state.secrets.set(key, { ...secret, uses: [...secret.uses, { at, ...user, version }].slice(-limits.secretUses) })
  }
}

type Found = { readonly secret: Secret; readonly key: string } | { readonly refusal: Outcome }

function find({ secrets }: State, { namespace, name }: { readonly namespace: string; readonly name: string }): Found {
  const key = inNamespace(namespace, name)
  const secret = secrets.get(key)
  return secret === undefined ? { refusal: refused('SECRET_NOT_FOUND', { secret: key }) } : { secret, key }
}

/** Changes it, and keeps who did. */
function put(
  { state, at, by }: Step,
  before: Secret,
  parts: Partial<Secret>,
  {
    what,
    version = parts.current ?? before.current,
  }: { readonly what: SecretChange['what']; readonly version?: number },
): Secret {
  const changes = [...before.changes, { at, by, what, version }].slice(-limits.secretChanges)
  const after: Secret = { ...before, ...parts, changes }
  state.secrets.set(inNamespace(after.namespace, after.name), after)
  return after
}
