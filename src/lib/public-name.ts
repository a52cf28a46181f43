/** Names that no public registry of names has: they lead into one's own networks. */
const ownEndings: ReadonlySet<string> = new Set([
  ...['local', 'localhost', 'localdomain', 'internal', 'intranet', 'private', 'corp', 'home', 'lan'],
  ...['arpa', 'test', 'invalid', 'example', 'onion'],
])

/** Whether it is a host's name that is the same everywhere: of several parts, whose last one is no number, as that of an address would be. */
export function isPublicName(host: string): boolean {
  const labels = host.toLowerCase().split('.')
  const last = labels.at(-1) ?? ''
  return labels.length > 1 && /^([a-z]{2,}|xn--[a-z0-9-]+)$/.test(last) && !ownEndings.has(last)
}
