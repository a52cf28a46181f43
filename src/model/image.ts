/** Container images: how they are called, and when a node looks for one elsewhere. */

/** `missing`: what the node has is good enough. `always`: its registry says which it is. `never`: only what the node has. */
export const pullPolicies = ['missing', 'always', 'never'] as const
export type PullPolicy = (typeof pullPolicies)[number]

/** What really ran, whatever the tag points to by now. */
export interface RanImage {
  /** `sha256:…`: the hash of the image's configuration, which names its layers by their hashes. */
  readonly id: string
  /** `sha256:…`: what the registry calls it; null when it came from no registry. */
  readonly digest: string | null
  /** It ran as root of its container. */
  readonly root?: true
}

export interface ImageReference {
  /** `docker.io` when none was named. */
  readonly registry: string
  readonly repository: string
  /** Null only where there is a digest. */
  readonly tag: string | null
  readonly digest: string | null
}

const digestForm = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

export const isDigest = (text: string): boolean => digestForm.test(text)

/** An image's own id, as the engine prints it, with or without its algorithm. */
export const isImageId = (text: string): boolean => /^(sha256:)?[0-9a-f]{64}$/.test(text)

/** Takes a reference apart as Docker does: `nginx` is `docker.io/library/nginx:latest`. */
export function parseReference(image: string): ImageReference {
  const at = image.indexOf('@')
  const digest = at < 0 ? null : image.slice(at + 1)
  const named = at < 0 ? image : image.slice(0, at)
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const tag = colon < 0 ? null : named.slice(colon + 1)
  const path = colon < 0 ? named : named.slice(0, colon)
  const [first = '', ...rest] = path.split('/')
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const registry = !hasRegistry || first === 'index.docker.io' ? 'docker.io' : first
  const below = hasRegistry ? rest.join('/') : path
  const repository = registry === 'docker.io' && !below.includes('/') ? `library/${below}` : below
  return { registry, repository, tag: tag ?? (digest === null ? 'latest' : null), digest }
}

/** The same text for every spelling of one reference; where a digest is given the tag says nothing. */
export function canonicalReference(image: string): string {
  const { registry, repository, tag, digest } = parseReference(image)
  return `${registry}/${repository}${digest === null ? `:${tag ?? 'latest'}` : `@${digest}`}`
}

/** Without tag and digest, in the one spelling. */
export function repositoryOf(image: string): string {
  const { registry, repository } = parseReference(image)
  return `${registry}/${repository}`
}

/** `repo@sha256:…` → `sha256:…`. */
export const digestIn = (repoDigest: string): string => repoDigest.slice(repoDigest.indexOf('@') + 1)

/** The digest that a registry gave the image out under, best by this name; null when it came from none. */
export function digestFor(digests: readonly string[], reference: string): string | null {
  const repository = repositoryOf(reference)
  const found = digests.find((one) => repositoryOf(one) === repository) ?? digests[0]
  return found === undefined ? null : digestIn(found)
}

/** Without a tag the engine would pull every tag there is. */
export function withTag(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1)
  return /[:@]/.test(name) ? image : `${image}:latest`
}
