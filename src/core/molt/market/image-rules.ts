/** From where guests' images may come. What a buyer names is connected to from the owner's own host, so not every name will do. */
import { matchesGlob } from '../../../lib/glob.ts'
import { isPublicName } from '../../../lib/public-name.ts'
import { parseReference, repositoryOf } from '../../../model/image.ts'
import type { Lending } from './lending.ts'

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
  if (!isPublicName(registry.replace(/:\d+$/, '')))
    return fitting?.some((glob) => glob.startsWith(`${registry}/`)) ?? false
  return fitting === undefined || fitting.length > 0
}

/** The host whose addresses have to be looked at before an image of that name is pulled; null where the owner has named its registry. */
export function registryToCheck({ allowed }: Lending['images'], name: string): string | null {
  const { registry } = parseReference(name)
  return allowed?.some((glob) => glob.startsWith(`${registry}/`)) === true ? null : registry.replace(/:\d+$/, '')
}
