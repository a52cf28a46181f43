/** From where guests' images may come. What a buyer names is connected to from the owner's own host, so not every name will do. */
import { matchesGlob } from '../../../lib/glob.ts'
import { parseReference, repositoryOf } from '../../../model/image.ts'
import type { Lending } from './lending.ts'

/** Names that no public registry has: they lead into the owner's own networks. */
const ownNames: ReadonlySet<string> = new Set([
  ...['local', 'localhost', 'localdomain', 'internal', 'intranet', 'private', 'corp', 'home', 'lan'],
  ...['arpa', 'test', 'invalid', 'example', 'onion'],
])

/**
 * Whether the owner lets an image of that name in, by the name as it was written and as the engine reads it. A registry by address, or under
 * a name of a private network, has to be allowed by a pattern that begins with it.
 */
export function isAllowedImage({ images: { allowed, blocked } }: Pick<Lending, 'images'>, name: string): boolean {
  const { registry } = parseReference(name)
  const names = [name, repositoryOf(name)]
  const fits = (glob: string): boolean => names.some((one) => matchesGlob(glob, one))
  if (blocked.some(fits)) return false
  const fitting = allowed?.filter(fits)
  if (!isPublic(registry)) return fitting?.some((glob) => glob.startsWith(`${registry}/`)) ?? false
  return fitting === undefined || fitting.length > 0
}

/** A name of several parts whose last one is no number: whatever engines take for an address has one. */
function isPublic(registry: string): boolean {
  const labels = registry.replace(/:\d+$/, '').split('.')
  const last = labels.at(-1) ?? ''
  return labels.length > 1 && /^([a-z]{2,}|xn--[a-z0-9-]+)$/.test(last) && !ownNames.has(last)
}
