/** The ports of a Compose service: where it listens, and where the mesh takes requests for it. */
import type { ComposeService } from './compose-schema.ts'
import { SpecProblem } from './problem.ts'
import type { Path, Tree } from './tree.ts'
import { pathInWords, placeOf } from './tree.ts'

export interface PublishedPort {
  readonly port: number
  readonly targetPort: number
  readonly from: Path
}

interface Port {
  readonly target: number
  readonly published: number | null
  readonly protocol: 'http' | 'tcp' | null
  readonly name: string | null
  readonly from: Path
}

export interface ComposePorts {
  /** As a request has them; the published one is the first. */
  readonly ports: readonly object[]
  readonly published: PublishedPort | null
}

/** Throws SpecProblem. */
export function portsOf({ ports = [], expose = [] }: ComposeService, path: Path, tree: Tree): ComposePorts {
  const all = [
    ...ports.map((one, index) => portOf(one, [...path, 'ports', index], tree)),
    ...expose.map((one, index) => portOf(one, [...path, 'expose', index], tree)),
  ]
  const [first, second] = all.filter(({ published }) => published !== null)
  if (second !== undefined)
    throw refuse(
      tree,
      second.from,
      'publishes a second port: the mesh serves one of each; list the others under expose',
    )
  const told = [...(first === undefined ? [] : [first]), ...all.filter((one) => one !== first)]
  return {
    ports: told.filter(({ target }, index) => told.findIndex((one) => one.target === target) === index).map(requestOf),
    published:
      first?.published === null || first === undefined
        ? null
        : { port: first.published, targetPort: first.target, from: first.from },
  }
}

const requestOf = ({ target, protocol, name }: Port): object => ({
  port: target,
  ...(name === null ? {} : { name }),
  ...(protocol === null ? {} : { protocol }),
})

const refuse = (tree: Tree, path: Path, why: string): SpecProblem =>
  new SpecProblem({ at: placeOf(tree, path), text: `${pathInWords(path)} ${why}` })

function portOf(one: NonNullable<ComposeService['ports']>[number], from: Path, tree: Tree): Port {
  if (typeof one === 'number') return { target: one, published: null, protocol: null, name: null, from }
  if (typeof one === 'string') return shortPort(one, from, tree)
  const { target, published, protocol, app_protocol: app, name } = one
  if (protocol !== undefined && protocol !== 'tcp') throw refuse(tree, from, `is ${protocol}: ports are TCP`)
  return {
    target,
    published: published === undefined ? null : numberOf(String(published), from, tree),
    protocol: app === 'http' || app === 'tcp' ? app : null,
    name: name ?? null,
    from,
  }
}

/** `80`, `8080:80`, each with `/tcp`. */
function shortPort(text: string, from: Path, tree: Tree): Port {
  const [words = '', protocol] = text.trim().split(/\/(.*)/s)
  const parts = words.split(':')
  const [target, published] = parts.toReversed()
  const address = parts.length > 2 ? parts.slice(0, -2).join(':') : undefined
  if (address !== undefined)
    throw refuse(tree, from, `names the address ${address}: every peer serves the port where its configuration says`)
  if (protocol !== undefined && protocol !== 'tcp') throw refuse(tree, from, `is ${protocol}: ports are TCP`)
  return {
    target: numberOf(target ?? '', from, tree),
    published: published === undefined ? null : numberOf(published, from, tree),
    protocol: null,
    name: null,
    from,
  }
}

function numberOf(text: string, from: Path, tree: Tree): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  const why = /^\d+-\d+$/.test(text) ? 'names a range: name each port' : `names no port: “${text.slice(0, 32)}”`
  throw refuse(tree, from, why)
}
