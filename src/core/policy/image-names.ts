/** All names under which a policy may speak of an image. They come from what the image really is, never from how somebody spells it. */
import { parseReference } from '../../model/image.ts'

export interface ImageNames {
  readonly registry: string
  /** `docker.io/library/nginx:1.27`, `docker.io/library/nginx`, and without what Docker leaves out. */
  readonly names: readonly string[]
  readonly digest: string | null
}

const dockersOwn = ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']

/** Null for the id of an image, or the beginning of one: that names nothing, and a host may have any image under it. */
export function imageNames(image: string): ImageNames | null {
  if (/^(sha256:)?[0-9a-f]+$/i.test(image)) return null
  const { registry: asked, repository: path, tag, digest } = parseReference(image)
  const host = asked.toLowerCase().replace(/:443$/, '')
  const registry = dockersOwn.includes(host) ? 'docker.io' : host
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path
  // Beside a digest a tag says nothing, so it must not be what lets the image pass.
  const end = digest === null ? `:${tag ?? 'latest'}` : `@${digest}`
  const familiar = registry === 'docker.io' ? [repository.replace(/^library\//, '')] : []
  const short = registry === 'docker.io' ? [repository] : []
  const bases = [...new Set([`${registry}/${repository}`, ...short, ...familiar])]
  return { registry, digest, names: bases.flatMap((base) => [`${base}${end}`, base]) }
}
