/** Ingresses, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { Ingress } from '../../model/ingress.ts'
import { ingressHost, ingressKey, ingressName, ingressPath } from '../../model/ingress.ts'
import { namespaceName } from '../../model/namespace.ts'
import * as shape from './schemas.ts'
import type { State } from './state.ts'
import { limits, weighed } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const named = { namespace: namespaceName, name: ingressName }
const route = {
  host: ingressHost,
  path: ingressPath,
  deployment: shape.word,
  strip: z.boolean(),
  nodes: shape.labels,
}

const ordered = z.literal(true).exactOptional()
const keptBy = shape.word.exactOptional()
const expected = z.strictObject({ ...route, acme: ordered, keptBy }).exactOptional()

/** Of every command in this file. */
export const ingressCommands = [
  z.strictObject({ ...type('create-ingress'), ...named, ...route, acme: ordered, keptBy }),
  z.strictObject({
    ...type('update-ingress'),
    ...named,
    host: route.host.exactOptional(),
    path: route.path.exactOptional(),
    deployment: route.deployment.exactOptional(),
    strip: route.strip.exactOptional(),
    nodes: route.nodes.exactOptional(),
    acme: z.boolean().exactOptional(),
    expected,
  }),
  z.strictObject({ ...type('delete-ingress'), ...named, expected }),
] as const

const IngressSchema = z.strictObject({
  ...named,
  ...route,
  acme: ordered,
  keptBy,
  createdAt: shape.instant,
  createdBy: z.string(),
  updatedAt: shape.instant,
}) satisfies z.ZodType<Ingress>

/** As they stand in snapshots: nothing while there is none. */
export const ingressFields = { ingresses: z.array(IngressSchema).max(limits.ingresses).exactOptional() }
type Written = z.infer<z.ZodObject<typeof ingressFields>>

export const writtenIngresses = ({ ingresses }: State): Written =>
  ingresses.size > 0 ? { ingresses: [...ingresses.values()] as z.infer<typeof IngressSchema>[] } : {}

export const readIngresses = ({ ingresses = [] }: Written): Pick<State, 'ingresses'> => ({
  ingresses: weighed.ingresses(ingresses.map((one: Ingress) => [ingressKey(one.namespace, one.name), one])),
})
