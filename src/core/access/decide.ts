/** Whether somebody may do something. Nobody may do anything that no rule allows. */
import type { Permission, Rule } from '../../model/access.ts'
import type { NodeId } from '../../model/ids.ts'

/** What somebody was given, and where it counts. */
export interface Grant {
  /** What the rules are called. */
  readonly role: string
  readonly rules: readonly Rule[]
  /** Null for everywhere. */
  readonly namespace: string | null
  /** Only for what concerns this node. */
  readonly node?: NodeId
}

/** Who somebody is here and now, and what that is worth. */
export interface Standing {
  /** In words, for people. */
  readonly who: string
  /** Name of the user; null for a host's own root, and for keys without one. */
  readonly user: string | null
  readonly grants: readonly Grant[]
  /** What is asked has to be allowed by each of these as well. */
  readonly limits: readonly (readonly Grant[])[]
}

export interface Ask {
  readonly verb: string
  readonly resource: string
  /** Null for what is in no namespace, such as a node. */
  readonly namespace: string | null
  /** The node that it is about. */
  readonly node?: NodeId | undefined
}

export type Decision = { readonly isAllowed: true; readonly by: string } | { readonly isAllowed: false }

const denied: Decision = { isAllowed: false }

/** What everybody may know of themselves, whoever they are. */
const isOwn = ({ verb, resource }: Pick<Ask, 'verb' | 'resource'>): boolean => verb === 'read' && resource === 'self'

/** By these grants alone. */
export function decide(grants: readonly Grant[], ask: Ask): Decision {
  if (isOwn(ask)) return { isAllowed: true, by: 'everybody' }
  const grant = grants.find((one) => isGranted(one, ask))
  return grant === undefined ? denied : { isAllowed: true, by: grant.role }
}

/** By all that is known of who asks. */
export function judge({ grants, limits }: Pick<Standing, 'grants' | 'limits'>, ask: Ask): Decision {
  const decision = decide(grants, ask)
  return limits.every((limit) => decide(limit, ask).isAllowed) ? decision : denied
}

/** Whether it may be allowed somewhere at all: what no namespace could make right needs no further look. */
export const isConceivable = (
  { grants, limits }: Pick<Standing, 'grants' | 'limits'>,
  asked: Pick<Ask, 'verb' | 'resource'>,
): boolean =>
  isOwn(asked) || [grants, ...limits].every((some) => some.some(({ rules }) => rules.some((rule) => fits(rule, asked))))

/** Whether whoever stands so may do all that the rules allow there: nobody hands on more than they have. */
export const covers = (standing: Standing, rules: readonly Rule[], namespace: string | null): boolean =>
  rules.every((rule) =>
    rule.verbs.every((verb) =>
      rule.resources.every((resource) =>
        rule.namespaces.every((named) => {
          // A place that is named twice is the narrower of the two; where they differ, the rule allows nothing.
          if (namespace !== null && named !== '*' && named !== namespace) return true
          const where = namespace ?? (named === '*' ? null : named)
          return judge(standing, { verb, resource, namespace: where }).isAllowed
        }),
      ),
    ),
  )

function isGranted({ rules, namespace, node }: Grant, ask: Ask): boolean {
  if (node !== undefined && node !== ask.node) return false
  if (namespace !== null && namespace !== ask.namespace) return false
  return rules.some((rule) => fits(rule, ask) && holds(rule.namespaces, ask.namespace))
}

const fits = ({ verbs, resources }: Rule, { verb, resource }: Pick<Ask, 'verb' | 'resource'>): boolean =>
  holds(verbs, verb) && holds(resources, resource)

const holds = (words: readonly string[], word: string | null): boolean =>
  words.includes('*') || (word !== null && words.includes(word))

/** A permission in words, such as `exec:workload`. */
export const permissionText = ({ verb, resource }: Pick<Permission, 'verb' | 'resource'>): string =>
  `${verb}:${resource}`
