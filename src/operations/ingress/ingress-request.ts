/** How people write an ingress: by itself, or as a part of the file of the deployment that answers. */
import { z } from 'zod'
import type { Route } from '../../core/ingress/plan.ts'
import { ClawError } from '../../model/failure.ts'
import type { SeenIngress } from '../../model/ingress.ts'
import { ingressHost, ingressName, ingressPath } from '../../model/ingress.ts'
import { labelName } from '../../model/label.ts'

export const deploymentOfIngress = z.string().min(1).max(128).describe('Deployment of the same namespace that answers')

const nodes = z
  .record(labelName, z.string().max(128))
  .refine((labels) => Object.keys(labels).length <= 16, 'at most 16 labels')
  .describe('Only nodes with all of these labels take the requests; {} for all nodes')

/** What can be said of one besides who answers. */
export const routeFields = {
  host: ingressHost.describe('Host that requests name; *. before it for all names of one label more'),
  path: ingressPath.describe('How their path begins, by whole segments; the longest goes first. / when left out'),
  strip: z.boolean().describe('The path is taken off before the deployment is asked'),
  nodes,
  acme: z.boolean().describe('The mesh orders the certificate of the host, and renews it'),
}

/** All of one that somebody may have seen. */
export const seenFields = {
  ...routeFields,
  deployment: deploymentOfIngress,
  keptBy: deploymentOfIngress.nullable().describe('Deployment whose file has made it; null for nobody’s'),
}

export const expected = z
  .strictObject(seenFields)
  .optional()
  .describe('What you have seen of it, all of this; refused when anything of it is another by then')

/** As a command has it. */
export const expecting = (seen: z.output<typeof expected>): { readonly expected?: SeenIngress } => {
  if (seen === undefined) return {}
  const { acme: isOrdered, keptBy, ...rest } = seen
  return { expected: { ...rest, ...(isOrdered && { acme: true }), ...(keptBy !== null && { keptBy }) } }
}

/** With what is meant where nothing is said. */
export const newRoute = {
  host: routeFields.host,
  path: routeFields.path.default('/'),
  strip: routeFields.strip.default(false),
  nodes: routeFields.nodes.default({}),
  acme: routeFields.acme.default(false),
}

const mostSections = 64

/** What the file of a deployment says of how it is reached from outside. */
export const IngressSections = z
  .array(
    z.strictObject({
      name: ingressName.optional().describe('Name of the ingress; that of the deployment when left out'),
      ...newRoute,
    }),
  )
  .max(mostSections)
  .describe(
    'Which requests from outside reach it. What its file names no more is taken away again, unless it leads elsewhere',
  )
type IngressSections = z.output<typeof IngressSections>

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Each with its name. Throws INVALID_REQUEST for what cannot be together, or at all. */
export function routesOf(sections: IngressSections, deployment: string): readonly Route[] {
  const routes: Route[] = []
  for (const section of sections) {
    const name = section.name ?? deployment
    const { host, path, acme } = section
    if (!ingressName.safeParse(name).success)
      throw invalid(`${name} cannot be the name of an ingress: say another as its name, of a-z 0-9 -`)
    if (routes.some((other) => other.name === name))
      throw invalid(`two ingresses would be called ${name}: give each a name`)
    if (routes.some((other) => other.host === host && other.path === path))
      throw invalid(`two ingresses are for ${host}${path}`)
    if (acme && host.startsWith('*')) throw invalid('a certificate for a wildcard cannot be ordered over HTTP')
    routes.push({ ...section, name })
  }
  return routes
}
