/** The ingresses of a deployment, as its file has them: looked at before anything is done, and carried out once the deployment is there. */
import { ClawError } from '../../../model/failure.ts'
import { hostsOverlap, ingressKey } from '../../../model/ingress.ts'
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import type { SpecDocument } from '../../../specs/document.ts'
import type { Session } from '../line/command.ts'
import type { Api } from '../peer/api.ts'

export type IngressPlan = OutputOf<'ingress.diff'>
type Planned = IngressPlan['ingresses'][number]
type Document = Pick<Extract<SpecDocument, { readonly kind: 'deployment' }>, 'request' | 'ingresses'>

export interface Look {
  readonly signal: AbortSignal
  /** It takes nothing away, as run does. */
  readonly isMaking?: boolean
}

/** Throws what would be refused of it, such as HOST_TAKEN. */
export async function ingressPlanOf(
  api: Api,
  { request, ingresses }: Document,
  { signal, isMaking = false }: Look,
): Promise<IngressPlan> {
  const { name: deployment, namespace } = request
  try {
    return await api.call(
      'ingress.diff',
      { namespace, deployment, ingresses, ...(isMaking && { removes: false }) },
      signal,
    )
  } catch (error) {
    // A peer of an older build has none that a file has made, and whoever may not see them takes none away.
    const isWithout = ClawError.is(error, 'OPERATION_NOT_FOUND') || ClawError.is(error, 'PERMISSION_DENIED')
    if (ingresses.length > 0 || !isWithout) throw error
    return { namespace: namespace ?? '', deployment, ingresses: [], denied: [] }
  }
}

const isStep = ({ what }: Planned): boolean => what !== 'same' && what !== 'stays'

export const changesIngresses = ({ ingresses }: Pick<IngressPlan, 'ingresses'>): boolean => ingresses.some(isStep)

/** What is there already would be another afterwards. */
export const touchesIngresses = ({ ingresses }: Pick<IngressPlan, 'ingresses'>): boolean =>
  ingresses.some(({ what }) => what === 'changed' || what === 'removed')

/** Throws what could only be refused halfway: what the caller may not do, and what `refuseClashes` does. */
export function refuseIngresses(plans: readonly IngressPlan[]): void {
  for (const { denied, namespace } of plans)
    if (denied[0] !== undefined)
      throw new ClawError('PERMISSION_DENIED', {
        action: `${denied[0]} an ingress in ${namespace}`,
        missing: `it takes ${denied[0]} on ingress there, which the role admin has`,
      })
  refuseClashes(plans)
}

/** Throws what two documents of a file cannot both have. */
export function refuseClashes(plans: readonly IngressPlan[]): void {
  const wanted = plans.flatMap(({ namespace, ingresses }) =>
    ingresses.flatMap(({ name, after }) => (after === null ? [] : [{ namespace, name, ...after }])),
  )
  wanted.forEach(({ namespace, name, host, path }, index) => {
    for (const other of wanted.slice(0, index)) {
      const ingress = ingressKey(namespace, other.name)
      if (other.namespace !== namespace && hostsOverlap(other.host, host)) throw new ClawError('HOST_TAKEN', { host })
      if (other.namespace !== namespace) continue
      if (other.name === name) throw new ClawError('INGRESS_EXISTS', { ingress })
      if (other.host === host && other.path === path) throw new ClawError('ROUTE_TAKEN', { host, path, ingress })
    }
  })
}

/** In the order of the plan. */
export async function carryOutIngresses(
  api: Api,
  { namespace, deployment, ingresses }: IngressPlan,
  { out, signal }: Pick<Session, 'out' | 'signal'>,
): Promise<void> {
  for (const { name, what, before, after } of ingresses) {
    // By the time that it is done, it may be another of that name.
    const expecting = before === null ? {} : { expected: before }
    if (what === 'removed') {
      await api.call('ingress.delete', { namespace, name, ...expecting }, signal)
      out.note(`the ingress ${name} is taken away`)
    }
    if (after === null || what === 'same') continue
    const route: InputOf<'ingress.update'> = { namespace, name, deployment, ...after }
    const made =
      what === 'new'
        ? await api.call('ingress.create', { ...route, ...after, deployment, ofFile: true }, signal)
        : await api.call('ingress.update', { ...route, ...expecting }, signal)
    out.note(`requests for ${made.host}${made.path} go to ${made.deployment}`)
  }
}

const text = (value: unknown): string => (value === null ? '(none)' : JSON.stringify(value))

function stays({ keptBy, deployment: to }: NonNullable<Planned['before']>, deployment: string): string {
  if (to !== deployment) return `it leads to ${to} now`
  if (keptBy === null) return `no file of ${deployment} has made it`
  if (keptBy !== deployment) return `the file of ${keptBy} has made it`
  return 'deploy --spec takes away what the file does not name any more, and run does not'
}

/** A line for each, and for what would change of it. */
export const ingressLines = ({ ingresses, deployment, denied }: IngressPlan): readonly string[] => [
  ...ingresses.flatMap(({ name, what, before, changes }): readonly string[] => {
    const route = `${before?.host ?? ''}${before?.path ?? ''}`
    switch (what) {
      case 'same':
        return [`ingress ${name} stays as it is`]
      case 'stays':
        return [`ingress ${name} for ${route} stays${before === null ? '' : `: ${stays(before, deployment)}`}`]
      case 'removed':
        return [`ingress ${name} for ${route} is taken away: the file does not name it any more`]
      case 'new':
        return [`ingress ${name} is new`, ...changes.map(({ field, after }) => `  + ${field}: ${text(after)}`)]
      case 'changed':
        return [
          `ingress ${name} changes`,
          ...changes.map((change) => `  ~ ${change.field}: ${text(change.before)} → ${text(change.after)}`),
        ]
    }
  }),
  ...denied.map((verb) => `  refused: you may not ${verb} an ingress there`),
]
