/** What a policy means by a place that is not to be mounted: a path of a host, a volume by its name, or a place in a store of objects. */
import { matchesGlob } from '../../lib/glob.ts'
import { plainEndpoint } from '../../model/bucket.ts'
import { cleanPath } from '../../model/host-path.ts'

/** Whether a mount is what the pattern names, is in it, or holds it: a folder comes with what is in it, and a part of a store likewise. */
export function touches(pattern: string, source: string): boolean {
  const store = /^https?:\/\/[^/]+/.exec(source)?.[0]
  if (store !== undefined) return touchesStore(pattern, `${hostOf(store)}${source.slice(store.length)}`)
  const path = cleanPath(source) ?? source
  if (matchesGlob(pattern, path)) return true
  return pattern.startsWith('/') && path.startsWith('/') && meets(pattern, path)
}

/** Over TLS or not, it is the same store. */
function touchesStore(pattern: string, place: string): boolean {
  const isWhole = !pattern.includes('/')
  const spelled = isWhole ? pattern.toLowerCase() : pattern
  const texts = [`https://${place}`, `http://${place}`]
  if (texts.some((text) => matchesGlob(spelled, isWhole ? text.toLowerCase() : text))) return true
  if (isWhole || pattern.startsWith('/')) return false
  const [, host = '', rest = ''] = /^(?:[^/]*:\/\/)?([^/]*)(.*)$/s.exec(pattern) ?? []
  return meets(`${hostOf(`https://${host}`)}${rest}`, place)
}

/** Of a store, without the port that its scheme has anyway. */
const hostOf = (endpoint: string): string => {
  const known = /[*?]/.test(endpoint) ? endpoint.toLowerCase() : plainEndpoint(endpoint)
  return known
    .replace(/^https?:\/\//, '')
    .replace(/:(80|443)$/, '')
    .replace(/\.+(?=$|:)/, '')
}

function meets(pattern: string, place: string): boolean {
  const [wanted, given] = [partsOf(pattern), partsOf(place)]
  const [whole, path] = [wanted.join('/'), given.join('/')]
  if (whole === '' || matchesGlob(whole, path) || matchesGlob(`${whole}/*`, path)) return true
  return given.length < wanted.length && given.every((part, at) => matchesGlob(wanted[at] ?? '', part))
}

const partsOf = (path: string): readonly string[] => path.split('/').filter((part) => part !== '' && part !== '.')
