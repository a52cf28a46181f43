/** What has to be done so that the ingresses of a deployment are those that its file names, and in which order. */
import type { FailureBody } from '../../model/failure.ts'
import { ClawError, failureBody } from '../../model/failure.ts'
import type { Ingress } from '../../model/ingress.ts'
import { ingressKey } from '../../model/ingress.ts'
import { claimObstacle, countObstacle } from '../state/ingresses.ts'
import type { MeshState } from '../state/types.ts'

/** What a file may say of an ingress, all of it. */
export type Route = Pick<Ingress, 'name' | 'host' | 'path' | 'strip' | 'nodes'> & { readonly acme: boolean }

export interface Wanted {
  readonly namespace: string
  readonly deployment: string
  readonly routes: readonly Route[]
  /** What is not named goes; otherwise all of it stays. */
  readonly removes: boolean
  /** Who asks. */
  readonly by: string
}

/** `stays`: it is not in the file, leads to the deployment or was made by its file, and is not for the file to take away now. */
export type PlannedIngress =
  | { readonly what: 'new'; readonly after: Route }
  | { readonly what: 'changed' | 'same'; readonly before: Ingress; readonly after: Route }
  | { readonly what: 'removed' | 'stays'; readonly before: Ingress }

export type IngressPlan =
  | { readonly ok: true; readonly steps: readonly PlannedIngress[] }
  | { readonly ok: false; readonly failure: FailureBody }

type Source = Pick<MeshState, 'ingresses'>

/** In the order in which it is to be done. Refused is what the state would refuse on the way, and what others have made for something else. */
export function planIngresses({ ingresses }: Source, wanted: Wanted): IngressPlan {
  const { namespace, deployment, routes, removes } = wanted
  const own = [...ingresses.values()].filter((one) => one.namespace === namespace)
  const named: PlannedIngress[] = []
  for (const after of routes) {
    const before = own.find(({ name }) => name === after.name)
    if (before !== undefined && !isFor(before, deployment))
      return refusal(new ClawError('INGRESS_EXISTS', { ingress: ingressKey(namespace, before.name) }))
    if (before === undefined) named.push({ what: 'new', after })
    else named.push({ what: isSame(before, after, deployment) ? 'same' : 'changed', before, after })
  }
  const others = own.filter(({ name }) => !routes.some((route) => route.name === name))
  const concerned = others.filter((one) => one.keptBy === deployment || one.deployment === deployment)
  // What somebody has led elsewhere serves another by now.
  const goes = (one: Ingress): boolean => removes && one.keptBy === deployment && one.deployment === deployment
  const removed = concerned.filter(goes)
  const stays = concerned.filter((one) => !goes(one))
  const steps = inOrder(named, removed, stays)
  return obstacleOf({ ingresses }, steps, wanted) ?? { ok: true, steps }
}

const refusal = (error: ClawError): IngressPlan => ({ ok: false, failure: failureBody(error) })

/** Its file made it, or somebody made it by hand for the same deployment. */
const isFor = ({ keptBy, deployment: to }: Ingress, deployment: string): boolean =>
  keptBy === undefined ? to === deployment : keptBy === deployment

/** As the mesh keeps it, without what nobody says. */
export const routeOf = ({ name, host, path, strip, nodes, acme }: Ingress): Route => ({
  ...{ name, host, path, strip, nodes },
  acme: acme === true,
})

const isSame = (before: Ingress, after: Route, deployment: string): boolean =>
  before.deployment === deployment && textOf(routeOf(before)) === textOf(after)

const textOf = ({ nodes, name, host, path, strip, acme }: Route): string =>
  JSON.stringify([name, host, path, strip, acme, Object.entries(nodes).toSorted(([a], [b]) => (a < b ? -1 : 1))])

/** Before anything is made, only what has its place goes: a host that is named all the time keeps its certificate. */
function inOrder(
  named: readonly PlannedIngress[],
  removed: readonly Ingress[],
  stays: readonly Ingress[],
): readonly PlannedIngress[] {
  const isInTheWay = ({ host, path }: Ingress): boolean =>
    named.some((one) => 'after' in one && one.after.host === host && one.after.path === path)
  const gone = (some: readonly Ingress[]): readonly PlannedIngress[] =>
    some.map((before) => ({ what: 'removed', before }))
  return [
    ...gone(removed.filter(isInTheWay)),
    ...named.filter(({ what }) => what !== 'new'),
    ...named.filter(({ what }) => what === 'new'),
    ...gone(removed.filter((one) => !isInTheWay(one))),
    ...stays.map((before) => ({ what: 'stays', before }) as const),
  ]
}

/** What the state would refuse, one step after the other. */
function obstacleOf(
  { ingresses }: Source,
  steps: readonly PlannedIngress[],
  { namespace, deployment, by }: Wanted,
): IngressPlan | null {
  const now = new Map(ingresses)
  for (const step of steps) {
    if (step.what === 'removed') now.delete(ingressKey(namespace, step.before.name))
    if (step.what !== 'new' && step.what !== 'changed') continue
    const { name, host, path, strip, nodes } = step.after
    const one: Ingress = {
      ...{ namespace, name, host, path, deployment, strip, nodes },
      ...{ createdAt: 0, createdBy: '', updatedAt: 0 },
    }
    const obstacle =
      (step.what === 'new' ? countObstacle({ ingresses: now }, namespace, by) : null) ??
      claimObstacle({ ingresses: now }, one)
    if (obstacle !== null && !obstacle.ok) return { ok: false, failure: obstacle.failure }
    now.set(ingressKey(namespace, one.name), one)
  }
  return null
}
