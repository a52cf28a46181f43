/** Certificates as they are ordered, kept and shared. One node at a time orders for a host, and after a failure nobody does for a while. */
import { dueAt, holdersOf, orderedBy, restAfter, turnSpan, wantedHosts } from '../ingress/certificates.ts'
import type { HostCertificate } from '../../model/certificate.ts'
import { noKey, sealedTo } from '../../model/certificate.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { CertificateCommand } from './certificate-commands.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, Outcome } from './types.ts'

export const isOnCertificate = (command: Command): command is CertificateCommand =>
  command.type.endsWith('-certificate') || command.type.endsWith('-certificates')

export function carryOutOnCertificate(step: Step, command: CertificateCommand): Outcome {
  switch (command.type) {
    case 'serve-certificates':
      return serve(step, command)
    case 'leave-certificates':
      if (step.state.tlsNodes.delete(command.node)) step.changes.push({ type: 'ingress' })
      return accepted({ node: command.node })
    case 'order-certificate':
      return order(step, command)
    case 'answer-certificate':
    case 'keep-certificate':
    case 'fail-certificate':
      return onTurn(step, command)
    case 'share-certificate':
      return share(step, command)
  }
}

function serve({ state, changes, by }: Step, { node, orders }: CommandOf<'serve-certificates'>): Outcome {
  if (!state.members.has(node)) return refused('NODE_NOT_FOUND', { node })
  if (!state.tlsNodes.has(node) && state.tlsNodes.size >= limits.tlsNodes) return refused('RATE_LIMITED', { who: by })
  state.tlsNodes.set(node, { node, orders })
  changes.push({ type: 'ingress' })
  return accepted({ node })
}

function order(step: Step, { host, node }: CommandOf<'order-certificate'>): Outcome {
  const { state, at, by } = step
  const before = state.certificates.get(host)
  const due = dueAt(state, before, at)
  if (!orderedBy(state, node).has(host) || due === null || due > at) return refused('CERTIFICATE_NOT_DUE', { host })
  if (before === undefined && state.certificates.size >= limits.certificates)
    return refused('RATE_LIMITED', { who: by })
  // It counts as one that came to nothing until something has come: whoever is stopped in the middle each time does not order without end.
  const failures = (before?.failures ?? 0) + 1
  const turn = { node, until: at + turnSpan, challenges: [] }
  put(step, { ...(before ?? unknown(host)), turn, failures, restUntil: at + restAfter(failures) })
  return accepted({ node })
}

const unknown = (host: string): HostCertificate => ({
  ...{ host, shown: null, turn: null, failures: 0, problem: null, restUntil: 0 },
})

type OnTurn = CommandOf<'answer-certificate' | 'keep-certificate' | 'fail-certificate'>

function onTurn(step: Step, command: OnTurn): Outcome {
  const { state, at } = step
  const { host, node } = command
  const before = state.certificates.get(host)
  if (before?.turn?.node !== node) return refused('CERTIFICATE_NOT_DUE', { host })
  switch (command.type) {
    case 'answer-certificate': {
      const { token, answer } = command
      const challenges = [...before.turn.challenges.filter((one) => one.token !== token), { token, answer }]
      put(step, { ...before, turn: { ...before.turn, challenges: challenges.slice(-limits.challenges) } })
      return accepted({ node })
    }
    case 'keep-certificate': {
      const { chain, notBefore, notAfter, keys } = command
      const shown = { chain, notBefore, notAfter, keys, orderedBy: node }
      put(step, { ...unknown(host), shown })
      const until = dateText(notAfter)
      emit(step, {
        type: 'certificate.ordered',
        node,
        message: `a certificate for ${host} has come, good until ${until}`,
      })
      return accepted({ node })
    }
    case 'fail-certificate': {
      const { problem } = command
      put(step, { ...before, turn: null, problem, restUntil: at + restAfter(before.failures) })
      const message = `no certificate for ${host}: ${problem}`
      emit(step, { type: 'certificate.failed', node, message, severity: 'warning' })
      return accepted({ node })
    }
  }
}

/** Logs of earlier builds may hold instants that no calendar has: what is carried out everywhere must not throw anywhere. */
function dateText(at: Instant): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? 'a time that no calendar has' : date.toISOString()
}

function share(step: Step, { host, node, keys }: CommandOf<'share-certificate'>): Outcome {
  const { state, by } = step
  const before = state.certificates.get(host)
  const shown = before?.shown ?? null
  if (before === undefined || shown === null || sealedTo(shown, node) === undefined)
    return refused('CERTIFICATE_NOT_DUE', { host })
  const holders = new Set<string>(holdersOf(state, host))
  const more = Object.entries(keys).filter(([to]) => holders.has(to) && sealedTo(shown, to as NodeId) === undefined)
  if (more.length === 0) return accepted({ node })
  // Of those that show nothing any more it is only remembered that they had it.
  const kept = Object.entries(shown.keys).map(
    ([to, key]) => [to, state.tlsNodes.has(to as NodeId) ? key : noKey] as const,
  )
  const all: Readonly<Record<NodeId, string>> = Object.fromEntries([...kept, ...more])
  if (Object.keys(all).length > limits.keyHolders) return refused('RATE_LIMITED', { who: by })
  put(step, { ...before, shown: { ...shown, keys: all } })
  return accepted({ node })
}

function put({ state, changes }: Pick<Step, 'state' | 'changes'>, certificate: HostCertificate): void {
  state.certificates.set(certificate.host, certificate)
  changes.push({ type: 'ingress' })
}

/** Of hosts that no ingress wants one for any more. */
export function forgetCertificates({ state }: { readonly state: State }): void {
  if (state.certificates.size === 0) return
  const wanted = wantedHosts(state)
  for (const host of [...state.certificates.keys()]) if (!wanted.has(host)) state.certificates.delete(host)
}

/** Somebody has seen to what was wrong: it is tried again at once. */
export function tryAgain({ state, changes }: Step, host: string): void {
  const known = state.certificates.get(host)
  if (known !== undefined && known.failures > 0) put({ state, changes }, { ...known, restUntil: 0 })
}

/** A member that is removed shows nothing more. */
export const leaveCertificates = ({ state }: Step, node: NodeId): boolean => state.tlsNodes.delete(node)
