/** The path of a request as its target says it. */

/** The target of a request (path and query) without the beginning of its path. */
export function stripped(target: string, beginning: string): string {
  if (beginning === '/') return target
  const rest = target.slice(beginning.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

const dots = /^(?:\.|%2e){1,2}$/i

/**
 * The path of a request's target as routes look at it; null for one that servers read in more than one way: what is no path, and what has
 * `.` or `..` in it, which a replica could take for a way out of the path that it is asked under.
 */
export function pathOf(target: string): string | null {
  if (!target.startsWith('/') || target.includes('\\') || target.includes('#')) return null
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  if (!path.includes('.') && !/%2e|%5c/i.test(path)) return path
  return /%5c/i.test(path) || path.split(/\/|%2f/i).some((segment) => dots.test(segment)) ? null : path
}
