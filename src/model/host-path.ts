/** Which paths of a host no container gets, whatever anybody allows: they would hand over the host itself. What can be known without looking at a host. */

/** Nothing at or below these, nor what holds one of them. */
const sealed = [
  ...['/proc', '/sys', '/dev', '/boot', '/etc', '/root', '/run', '/var/run'],
  ...['/var/lib/docker', '/var/lib/containerd', '/var/lib/containers', '/var/lib/kubelet', '/var/lib/clawbernetes'],
  ...['/var/spool/cron', '/var/lib/systemd'],
]

/** Without `.`, `..` and doubled slashes; null for what is no absolute path. */
export function cleanPath(path: string): string | null {
  if (!path.startsWith('/') || path.includes('\0')) return null
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Is `path` the folder, or in it? Both are clean. */
export const isBelow = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`)

/** Why no container gets this clean path, in words that follow it; null when one may. `more` are paths like those that no host gives away. */
export function pathObstacle(path: string, more: readonly string[] = []): string | null {
  if (/(^|\/)[^/]*(docker|containerd|podman|crio|buildkitd)[^/]*\.sock$/.test(path)) return 'is the socket of an engine'
  for (const secret of [...sealed, ...more]) {
    if (isBelow(path, secret)) return path === secret ? 'is part of the host itself' : `is part of ${secret}`
    if (isBelow(secret, path)) return `holds ${secret}`
  }
  return null
}

/** The same of a mount as it is asked for, which may be the name of a volume. */
export function sourceObstacle(source: string): string | null {
  if (!source.startsWith('/'))
    return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(source) ? null : 'is neither an absolute path nor the name of a volume'
  const path = cleanPath(source)
  return path === null ? 'is no path' : pathObstacle(path)
}
