/** Config maps in the state, and the commands on them and on secrets. */
import type { ConfigMap } from '../../model/secret.ts'
import { inNamespace } from '../../model/secret.ts'
import { roomObstacle } from './room.ts'
import { namespaceOf } from './namespaces.ts'
import {
  createSecret,
  deleteSecret,
  noteDue,
  noteReveal,
  noteSecretUse,
  setSecret,
  setVault,
  updateSecret,
} from './secrets.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, Outcome } from './types.ts'
import type { VaultCommand } from './vault-commands.ts'

const types: readonly VaultCommand['type'][] = [
  'set-vault',
  'create-secret',
  'set-secret',
  'update-secret',
  'delete-secret',
  'note-reveal',
  'note-due',
  'note-secret-use',
  'create-config',
  'update-config',
  'delete-config',
]

export const isOnVault = (command: Command): command is VaultCommand => types.some((type) => type === command.type)

export function carryOutOnVault(step: Step, command: VaultCommand): Outcome {
  switch (command.type) {
    case 'set-vault':
      return setVault(step, command)
    case 'create-secret':
      return createSecret(step, command)
    case 'set-secret':
      return setSecret(step, command)
    case 'update-secret':
      return updateSecret(step, command)
    case 'delete-secret':
      return deleteSecret(step, command)
    case 'note-reveal':
      return noteReveal(step, command)
    case 'note-due':
      return noteDue(step, command)
    case 'note-secret-use':
      return noteSecretUse(step, command)
    case 'create-config':
      return createConfig(step, command)
    case 'update-config':
      return updateConfig(step, command)
    case 'delete-config':
      return deleteConfig(step, command)
  }
}

function createConfig(step: Step, command: CommandOf<'create-config'>): Outcome {
  const { state, at, by } = step
  const { namespace, name, data, immutable } = command
  const key = inNamespace(namespace, name)
  if (namespaceOf(state, namespace) === null) return refused('NAMESPACE_NOT_FOUND', { namespace })
  if (state.configs.has(key)) return refused('CONFIG_EXISTS', { config: key })
  if (state.configs.size >= limits.configs) return refused('RATE_LIMITED', { who: by })
  const obstacle = sizeObstacle(state, command, data) ?? roomObstacle(state, namespace, data)
  if (obstacle !== null) return obstacle
  const config = { namespace, name, data, immutable, version: 1, createdAt: at, createdBy: by, updatedAt: at }
  state.configs.set(key, config)
  emit(step, { type: 'config.created', namespace, message: `the config map ${key} was created by ${by}` })
  return accepted()
}

function updateConfig(step: Step, command: CommandOf<'update-config'>): Outcome {
  const { state, at, by } = step
  const key = inNamespace(command.namespace, command.name)
  const before = state.configs.get(key)
  if (before === undefined) return refused('CONFIG_NOT_FOUND', { config: key })
  if (before.immutable) return refused('CONFIG_IMMUTABLE', { config: key })
  const merged = { ...(command.whole ? {} : before.data), ...command.data }
  const data = Object.fromEntries(Object.entries(merged).filter((pair): pair is [string, string] => pair[1] !== null))
  const obstacle =
    sizeObstacle(state, command, data) ?? roomObstacle(state, before.namespace, data, { instead: before.data })
  if (obstacle !== null) return obstacle
  const immutable = command.immutable ?? before.immutable
  state.configs.set(key, { ...before, data, immutable, version: before.version + 1, updatedAt: at })
  emit(step, {
    type: 'config.updated',
    namespace: command.namespace,
    message: `the config map ${key} was changed by ${by}`,
  })
  return accepted()
}

function deleteConfig(step: Step, command: CommandOf<'delete-config'>): Outcome {
  const key = inNamespace(command.namespace, command.name)
  if (!step.state.configs.delete(key)) return refused('CONFIG_NOT_FOUND', { config: key })
  emit(step, {
    type: 'config.deleted',
    namespace: command.namespace,
    message: `the config map ${key} was deleted by ${step.by}`,
  })
  return accepted()
}

/** One namespace takes half of all room for them at most. */
function sizeObstacle(
  { configs }: State,
  { namespace, name }: Pick<ConfigMap, 'namespace' | 'name'>,
  data: ConfigMap['data'],
): Outcome | null {
  const size = sizeOf(data)
  if (Object.keys(data).length > limits.configKeys)
    return refused('INVALID_REQUEST', { problem: `a config map has at most ${limits.configKeys} keys` })
  if (size > limits.configBytes) return refused('TOO_LARGE', { what: 'a config map', limit: limits.configBytes })
  const others = [...configs.values()].filter((one) => one.namespace !== namespace || one.name !== name)
  const sum = (some: readonly ConfigMap[]): number => some.reduce((total, one) => total + sizeOf(one.data), 0)
  const most = limits.configsBytes / 2
  if (sum(others.filter((one) => one.namespace === namespace)) + size > most)
    return refused('TOO_LARGE', { what: `all config maps of ${namespace} together`, limit: most })
  return sum(others) + size > limits.configsBytes
    ? refused('TOO_LARGE', { what: 'all config maps together', limit: limits.configsBytes })
    : null
}

const sizeOf = (data: ConfigMap['data']): number =>
  Object.entries(data).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
