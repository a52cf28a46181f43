/** A Compose file as documents: each service a workload, or a deployment where it has replicas or a published port. */
import { checked } from './check.ts'
import { portsOf } from './compose-ports.ts'
import type { ComposeFile as File, ComposeService } from './compose-schema.ts'
import { ComposeFile, composeRefusals } from './compose-schema.ts'
import { serviceFields } from './compose-service.ts'
import type { Need } from './document.ts'
import { envFile } from './env-file.ts'
import type { Variables } from './interpolate.ts'
import { interpolated } from './interpolate.ts'
import type { Problem } from './problem.ts'
import { SpecProblem } from './problem.ts'
import type { Field } from './request.ts'
import { field } from './request.ts'
import type { Entry, Path, Tree } from './tree.ts'
import { find, pathInWords, placeOf } from './tree.ts'

/** What a Compose file takes from around it. */
export interface Surroundings {
  readonly variables: Variables
  /** The content of a file that it names; null when there is none. */
  readonly read: (path: string) => string | null
  /** A path beside the file, as an absolute one. */
  readonly resolve: (path: string) => string
}

export interface Service {
  readonly name: string
  readonly path: Path
  readonly fields: readonly Field[]
  readonly needs: readonly Need[]
  /** Not null for what has to be a deployment. */
  readonly deployment: { readonly replicas: number; readonly from: Path; readonly service: Field | null } | null
}

export interface Composed {
  /** The file with its variables put in: what the paths lead into. */
  readonly tree: Tree
  readonly services: readonly Service[]
  readonly warnings: readonly Problem[]
}

/** Throws SpecProblem. */
export function composed(raw: Tree, surroundings: Surroundings): Composed {
  const warnings: Problem[] = []
  const tree = interpolated(withoutExtensions(raw), surroundings.variables, (name, at) =>
    warnings.push({ at, text: `the variable ${name} is not set: it counts as empty` }),
  )
  const file = checked(ComposeFile, tree, { refusals: composeRefusals })
  const nameOf = nameIn(file)
  const services = Object.entries(file.services).map(([name, service]) =>
    serviceOf(service, { name, nameOf, file, tree, surroundings }),
  )
  if (services.length === 0) throw new SpecProblem({ at: placeOf(tree, ['services']), text: 'services names none' })
  return { tree, services, warnings: [...warnings, ...warningsOf(services, tree)] }
}

/** `x-…` is for those who read the file, and for anchors. */
function withoutExtensions(tree: Tree): Tree {
  if (tree.kind !== 'map') return tree
  const services = tree.entries.get('services')
  const kept = ([key]: readonly [string, Entry]): boolean => !key.startsWith('x-')
  const entries = new Map([...tree.entries].filter(kept))
  if (services?.value.kind === 'map') {
    const inner = Array.from(services.value.entries, ([name, { at, value }]): [string, Entry] => [
      name,
      { at, value: value.kind === 'map' ? { ...value, entries: new Map([...value.entries].filter(kept)) } : value },
    ])
    entries.set('services', { ...services, value: { ...services.value, entries: new Map(inner) } })
  }
  return { ...tree, entries }
}

/** With a name for the whole, as `<name>-<service>`: a mesh is shared. */
const nameIn =
  ({ name: project, services }: File) =>
  (service: string): string =>
    services[service]?.container_name ?? (project === undefined ? service : `${project}-${service}`)

interface Around {
  readonly name: string
  readonly nameOf: (service: string) => string
  readonly file: File
  readonly tree: Tree
  readonly surroundings: Surroundings
}

function serviceOf(service: ComposeService, around: Around): Service {
  const { name, nameOf, tree, surroundings, file } = around
  const path: Path = ['services', name]
  refuseUnnamedVolumes(service, { path, tree, file })
  const { ports, published } = portsOf(service, path, tree)
  const replicas = replicasOf(service, path, tree)
  const isDeployment = replicas !== null || published !== null
  const needs = needsOf(service, path, around)
  return {
    name: nameOf(name),
    path,
    needs,
    deployment: isDeployment
      ? {
          replicas: replicas?.count ?? 1,
          from: replicas?.from ?? path,
          service:
            published === null
              ? null
              : field('service', { port: published.port, targetPort: published.targetPort }, ...published.from),
        }
      : null,
    fields: [
      field('name', nameOf(name), ...path, ...(service.container_name === undefined ? [] : ['container_name'])),
      ...serviceFields(service, { path, tree, resolve: surroundings.resolve, secrets: file.secrets ?? {} }),
      field('env', envOf(service, path, around), ...path, 'environment'),
      field('ports', ports.length === 0 ? undefined : ports, ...path, service.ports === undefined ? 'expose' : 'ports'),
      field('restart', restartOf(service, { path, tree, isDeployment }), ...path, 'restart'),
    ],
  }
}

const refuse = (tree: Tree, path: Path, why: string): SpecProblem =>
  new SpecProblem({ at: placeOf(tree, path), text: `${pathInWords(path)} ${why}` })

/** A named volume is declared, as Compose wants it: a typing error would otherwise be a volume of its own. */
function refuseUnnamedVolumes(
  { volumes = [] }: ComposeService,
  { path, tree, file }: { readonly path: Path; readonly tree: Tree; readonly file: File },
): void {
  for (const [index, volume] of volumes.entries()) {
    const source = typeof volume === 'string' ? volume.split(':')[0] : volume.type === 'volume' ? volume.source : '.'
    if (source === undefined || /^[./~]/.test(source) || !(typeof volume !== 'string' || volume.includes(':'))) continue
    if (!Object.hasOwn(file.volumes ?? {}, source))
      throw refuse(
        tree,
        [...path, 'volumes', index],
        `names the volume ${source}, which is not among the volumes of the file`,
      )
  }
}

function replicasOf(
  { deploy, scale }: ComposeService,
  path: Path,
  tree: Tree,
): { readonly count: number; readonly from: Path } | null {
  const inDeploy = deploy?.replicas
  if (inDeploy !== undefined && scale !== undefined)
    throw refuse(tree, [...path, 'scale'], 'says again what deploy.replicas says')
  if (inDeploy !== undefined) return { count: inDeploy, from: [...path, 'deploy', 'replicas'] }
  return scale === undefined ? null : { count: scale, from: [...path, 'scale'] }
}

const conditions = {
  service_started: 'started',
  service_healthy: 'ready',
  service_completed_successfully: 'completed',
} as const

function needsOf({ depends_on: dependsOn = {} }: ComposeService, path: Path, around: Around): readonly Need[] {
  const { file, tree, nameOf } = around
  const asked = Array.isArray(dependsOn)
    ? dependsOn.map((service, index) => ({ service, condition: 'started' as const, key: index }))
    : Object.entries(dependsOn).map(([service, { condition }]) => ({
        service,
        condition: conditions[condition ?? 'service_started'],
        key: service,
      }))
  return asked.map(({ service, condition, key }) => {
    const from = [...path, 'depends_on', key]
    if (!Object.hasOwn(file.services, service)) throw refuse(tree, from, `names no service: ${service}`)
    if (condition === 'ready' && file.services[service]?.healthcheck === undefined)
      throw refuse(tree, from, `waits until ${service} is healthy, which has no healthcheck`)
    return { on: nameOf(service), condition, at: placeOf(tree, from) }
  })
}

function envOf(
  service: ComposeService,
  path: Path,
  { tree, surroundings }: Around,
): Record<string, string> | undefined {
  const { environment, env_file: files } = service
  if (environment === undefined && files === undefined) return undefined
  const listed = files === undefined ? [] : typeof files === 'string' ? [files] : files
  const fromFiles = listed.map((one, index) => {
    const { path: file, required = true } = typeof one === 'string' ? { path: one } : one
    const at = placeOf(tree, [...path, 'env_file', ...(typeof files === 'string' ? [] : [index])])
    const text = surroundings.read(file)
    if (text === null && required) throw new SpecProblem({ at, text: `there is no file ${file}` })
    return text === null ? {} : envFile(text, { path: file, at, variables: surroundings.variables })
  })
  const own = environmentOf(environment, [...path, 'environment'], { tree, surroundings })
  return Object.assign({}, ...fromFiles, own) as Record<string, string>
}

/** A name alone takes its value from here, and is left out when it has none here. Numbers are taken as they are written. */
function environmentOf(
  environment: ComposeService['environment'],
  path: Path,
  { tree, surroundings }: Pick<Around, 'tree' | 'surroundings'>,
): Readonly<Record<string, string>> {
  const isList = Array.isArray(environment)
  const pairs = isList
    ? environment.map((pair): readonly [string, string | undefined] => {
        const cut = pair.indexOf('=')
        return cut < 0 ? [pair, surroundings.variables(pair)] : [pair.slice(0, cut), pair.slice(cut + 1)]
      })
    : Object.entries(environment ?? {}).map(([name, value]): readonly [string, string | undefined] => {
        const written = find(tree, [...path, name])
        if (value === null) return [name, surroundings.variables(name)]
        return [name, written?.kind === 'scalar' ? written.source : String(value)]
      })
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

interface OfRestart {
  readonly path: Path
  readonly tree: Tree
  readonly isDeployment: boolean
}

const ofPolicy = { none: 'no', 'on-failure': 'on-failure', any: 'always' } as const

/** Replicas of a deployment are replaced whenever they end: there is nothing to say, and nothing else to be had. */
function restartOf({ restart, deploy }: ComposeService, { path, tree, isDeployment }: OfRestart): unknown {
  const { condition = 'any', delay, max_attempts: most } = deploy?.restart_policy ?? {}
  const policy = deploy?.restart_policy === undefined ? undefined : ofPolicy[condition]
  const from = [...path, ...(policy === undefined ? ['restart'] : ['deploy', 'restart_policy'])]
  if (policy !== undefined && restart !== undefined) throw refuse(tree, from, 'says again what restart says')
  const word = policy ?? (restart === 'unless-stopped' ? 'always' : restart)
  if (isDeployment && word !== undefined) {
    if (word !== 'always' || most !== undefined)
      throw refuse(tree, from, 'is not there for replicas of a deployment: one that ends is always replaced')
    return undefined
  }
  if (word === 'always' && most !== undefined)
    throw refuse(tree, from, 'knows no end where it is started again after success too: take condition: on-failure')
  if (delay === undefined && most === undefined) return word
  return {
    policy: word,
    ...(most === undefined ? {} : { maxRetries: most }),
    ...(delay === undefined ? {} : { backoff: delay }),
  }
}

function warningsOf(services: readonly Service[], tree: Tree): readonly Problem[] {
  const published = services.flatMap(({ deployment }) => deployment?.service ?? [])
  return [
    ...published.map(({ from, value }) => ({
      at: placeOf(tree, from),
      text: `every peer serves port ${(value as { readonly port: number }).port} as HTTP; for anything else use clawbernetes port-forward`,
    })),
    ...services
      .filter(({ needs }) => needs.length > 0)
      .slice(0, 1)
      .map(({ path }) => ({
        at: placeOf(tree, [...path, 'depends_on']),
        text: 'services do not find each other by name: they may be on different nodes',
      })),
  ]
}
