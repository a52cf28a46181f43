/** Ingresses as they are made and changed. A host belongs to the namespace that names it first, until the last ingress with it is gone. */
import type { Ingress } from '../../model/ingress.ts'
import { hostsOverlap, ingressKey, isAsSeen } from '../../model/ingress.ts'
import type { IngressCommand } from './ingress-commands.ts'
import { forgetCertificates, tryAgain } from './certificates.ts'
import { namespaceOf } from './namespaces.ts'
import { roomObstacle } from './room.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'

const types: readonly IngressCommand['type'][] = ['create-ingress', 'update-ingress', 'delete-ingress']

export const isOnIngress = (command: Command): command is IngressCommand => types.some((type) => type === command.type)

export function carryOutOnIngress(step: Step, command: IngressCommand): Outcome {
  switch (command.type) {
    case 'create-ingress':
      return createIngress(step, command)
    case 'update-ingress':
      return updateIngress(step, command)
    case 'delete-ingress':
      return deleteIngress(step, command)
  }
}

function createIngress(step: Step, command: CommandOf<'create-ingress'>): Outcome {
  const { state, at, by } = step
  const { namespace, name, host, path, deployment, strip, nodes, acme, keptBy } = command
  const key = ingressKey(namespace, name)
  if (namespaceOf(state, namespace) === null) return refused('NAMESPACE_NOT_FOUND', { namespace })
  if (state.ingresses.has(key)) return refused('INGRESS_EXISTS', { ingress: key })
  const tooMany = countObstacle(state, namespace, by)
  if (tooMany !== null) return tooMany
  const said = { namespace, name, host, path, deployment, strip, nodes, ...(acme === true && { acme }) }
  const kept = keptBy === undefined ? {} : { keptBy }
  return keep(step, { ...said, ...kept, createdAt: at, createdBy: by, updatedAt: at }, null)
}

function updateIngress(step: Step, command: CommandOf<'update-ingress'>): Outcome {
  const found = asExpected(step, command)
  if ('refusal' in found) return found.refusal
  const before = found.ingress
  const { acme, ...rest } = before
  const isOrdered = command.acme ?? acme === true
  return keep(
    step,
    {
      ...rest,
      ...(isOrdered && { acme: true }),
      ...(command.host !== undefined && { host: command.host }),
      ...(command.path !== undefined && { path: command.path }),
      ...(command.deployment !== undefined && { deployment: command.deployment }),
      ...(command.strip !== undefined && { strip: command.strip }),
      ...(command.nodes !== undefined && { nodes: command.nodes }),
      updatedAt: step.at,
    },
    before,
  )
}

function deleteIngress(step: Step, command: CommandOf<'delete-ingress'>): Outcome {
  const { state, by, changes } = step
  const { namespace, name } = command
  const found = asExpected(step, command)
  if ('refusal' in found) return found.refusal
  const key = ingressKey(namespace, name)
  state.ingresses.delete(key)
  forgetCertificates(step)
  changes.push({ type: 'ingress' })
  emit(step, { type: 'ingress.deleted', namespace, message: `the ingress ${key} was deleted by ${by}` })
  return accepted()
}

/** The one that is named, if it still is what whoever asks has seen. */
function asExpected(
  { state }: Step,
  { namespace, name, expected }: CommandOf<'update-ingress' | 'delete-ingress'>,
): { readonly ingress: Ingress } | { readonly refusal: Outcome } {
  const key = ingressKey(namespace, name)
  const ingress = state.ingresses.get(key)
  if (ingress === undefined) return { refusal: refused('INGRESS_NOT_FOUND', { ingress: key }) }
  if (expected !== undefined && !isAsSeen(ingress, expected))
    return { refusal: refused('INGRESS_CHANGED', { ingress: key }) }
  return { ingress }
}

function keep(step: Step, ingress: Ingress, before: Ingress | null): Outcome {
  const { state, by, changes } = step
  const { namespace, host, path, deployment } = ingress
  const key = ingressKey(namespace, ingress.name)
  const obstacle =
    claimObstacle(state, ingress) ?? roomObstacle(state, namespace, ingress, { instead: before ?? undefined })
  if (obstacle !== null) return obstacle
  const isKnown = [...state.deployments.values()].some(
    (one) => one.namespace === namespace && one.name === deployment && one.service !== null,
  )
  if (deployment !== before?.deployment && !isKnown) return refused('SERVICE_NOT_FOUND', { service: deployment })
  if (ingress.acme === true && host.startsWith('*'))
    return refused('INVALID_REQUEST', { problem: 'a certificate for a wildcard cannot be ordered over HTTP' })
  state.ingresses.set(key, ingress)
  forgetCertificates(step)
  if (ingress.acme === true) tryAgain(step, host)
  changes.push({ type: 'ingress' })
  const what = before === null ? 'created' : 'changed'
  const message = `the ingress ${key} was ${what} by ${by}: ${host}${path} goes to ${deployment}`
  emit(step, { type: `ingress.${what}`, namespace, message })
  return accepted()
}

/** Whether there may be one more. */
export function countObstacle(
  { ingresses }: Pick<MeshState, 'ingresses'>,
  namespace: string,
  by: string,
): Outcome | null {
  if (ingresses.size >= limits.ingresses) return refused('RATE_LIMITED', { who: by })
  // Else one could leave no room for the others.
  const own = [...ingresses.values()].filter((one) => one.namespace === namespace).length
  return own < limits.namespaceIngresses
    ? null
    : refused('INVALID_REQUEST', { problem: `${namespace} has ${own} ingresses, the most there may be` })
}

/** A wildcard and a name that falls under it are of one namespace, too: else either could take requests from the other. */
export function claimObstacle(
  { ingresses }: Pick<MeshState, 'ingresses'>,
  { namespace, name, host, path }: Pick<Ingress, 'namespace' | 'name' | 'host' | 'path'>,
): Outcome | null {
  for (const other of ingresses.values()) {
    if (other.namespace !== namespace && hostsOverlap(other.host, host)) return refused('HOST_TAKEN', { host })
    if (other.namespace === namespace && other.name !== name && other.host === host && other.path === path)
      return refused('ROUTE_TAKEN', { host, path, ingress: ingressKey(namespace, other.name) })
  }
  return null
}
