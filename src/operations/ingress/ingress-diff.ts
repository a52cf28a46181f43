/** What the file of a deployment would change of the ingresses that there are, without changing them. */
import { z } from 'zod'
import type { PlannedIngress, Route } from '../../core/ingress/plan.ts'
import { planIngresses, routeOf } from '../../core/ingress/plan.ts'
import { failureFrom } from '../../model/failure.ts'
import type { Ingress } from '../../model/ingress.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import { refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { Change, differences } from '../spec/difference.ts'
import { deploymentOfIngress, IngressSections, routesOf, seenFields } from './ingress-request.ts'

const RouteView = z.object({
  host: z.string(),
  path: z.string(),
  strip: z.boolean(),
  nodes: z.record(z.string(), z.string()),
  acme: z.boolean(),
})

const words = ['new', 'changed', 'same', 'removed', 'stays'] as const

const PlannedView = z.object({
  name: z.string(),
  what: z
    .enum(words)
    .describe(
      'removed: the file of the deployment has made it, names it no more, and it leads there; stays: it is not named, and left as it is',
    ),
  before: z
    .object(seenFields)
    .nullable()
    .describe('What is there, as ingress.update and ingress.delete take it for expected'),
  after: RouteView.nullable(),
  changes: z.array(Change),
})

/** What it takes to have it so. */
const verbs = { new: 'create', changed: 'change', removed: 'remove' } as const

export const ingressDiff = unary({
  name: 'ingress.diff',
  about:
    'Say what a file would change of the ingresses of a deployment, in the order in which it is to be done. Refused is a host, a route or a name that is taken, and more ingresses than there may be; whether the state has room for them is not looked at.',
  input: z.strictObject({
    namespace: namespaceName.default(defaultNamespace).describe('Namespace that they are in'),
    deployment: deploymentOfIngress,
    ingresses: IngressSections.default([]),
    removes: z
      .boolean()
      .default(true)
      .describe('What the file names no more is taken away; false where it stays, as run --file has it'),
  }),
  output: z.object({
    namespace: z.string(),
    deployment: z.string(),
    ingresses: z.array(PlannedView),
    denied: z.array(z.enum(Object.values(verbs))).describe('What of it the caller may not do to ingresses there'),
  }),
  permission: { verb: 'read', resource: 'ingress' },
  namespace: ({ namespace }) => namespace,
  async handler({ namespace, deployment, ingresses, removes }, context, { caller, signal, may }) {
    const routes = routesOf(ingresses, deployment)
    await refresh(context, signal)
    const plan = planIngresses(context.control.state, { namespace, deployment, routes, removes, by: caller.id })
    if (!plan.ok) throw failureFrom(plan.failure)
    const needed = new Set(plan.steps.flatMap(({ what }) => verbOf(what) ?? []))
    const denied = [...needed].filter((verb) => !may({ verb, resource: 'ingress' }, namespace))
    return { namespace, deployment, ingresses: plan.steps.map((step) => planned(step, deployment)), denied }
  },
})

const verbOf = (what: PlannedIngress['what']): (typeof verbs)[keyof typeof verbs] | null =>
  what === 'same' || what === 'stays' ? null : verbs[what]

function planned(step: PlannedIngress, deployment: string): z.infer<typeof PlannedView> {
  const before = 'before' in step ? step.before : null
  const after = 'after' in step ? step.after : null
  return {
    name: (after ?? before)?.name ?? '',
    what: step.what,
    before: before === null ? null : seen(before),
    after: after === null ? null : said(after),
    changes: [...changesOf(step, deployment)],
  }
}

/** What nobody says is no change of something new. */
const unsaid = { strip: false, nodes: {}, acme: false }

function changesOf(step: PlannedIngress, deployment: string): ReturnType<typeof differences> {
  if (step.what === 'new') return differences(unsaid, said(step.after))
  if (step.what !== 'changed') return []
  const { before, after } = step
  return differences({ ...said(routeOf(before)), deployment: before.deployment }, { ...said(after), deployment })
}

const seen = (before: Ingress): z.infer<z.ZodObject<typeof seenFields>> => ({
  ...said(routeOf(before)),
  deployment: before.deployment,
  keptBy: before.keptBy ?? null,
})

/** All but its name. */
const said = ({ host, path, strip, nodes, acme }: Route): z.infer<typeof RouteView> => ({
  ...{ host, path, strip, acme },
  nodes: { ...nodes },
})
