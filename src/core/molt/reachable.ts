/** Which addresses are worth a dial, when strangers say that somebody is there: they could have us knock at any door of our own networks. */
import { isPublicName } from '../../lib/public-name.ts'

const loopback = /^\/(ip4\/127\.|ip6\/::1\/)/
const privateNetworks =
  /^\/(ip4\/(10|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.|ip6\/f[cd])/i
/** Link-local, of no network, in tunnels to those above, and of many hosts at once. */
const nobodys = /^\/(ip4\/(0|169\.254|192\.0\.0|198\.1[89]|2[2-5]\d)\.|ip6\/(::|f[ef]|64:ff9b|2002:))/i
const name = /^\/dns[46]?\/([^/]+)/

type Place = 'public' | 'loopback' | 'private' | 'name' | 'none'

function placeOf(address: string): Place {
  if (loopback.test(address)) return 'loopback'
  if (privateNetworks.test(address)) return 'private'
  if (name.test(address)) return 'name'
  return /^\/ip[46]\//.test(address) && !nobodys.test(address) ? 'public' : 'none'
}

/**
 * Those that may be dialled. A host that is itself only to be found in private networks, or only at its own loopback, is among such hosts; any
 * other is led to public addresses alone. A party may have a name, which its own word says; hearsay of names is not followed.
 */
export function worthDialling(
  said: readonly string[],
  { own, isOwnWord }: { readonly own: readonly string[]; readonly isOwnWord: boolean },
): readonly string[] {
  const places = new Set(own.map(placeOf))
  const home = places.has('public') || places.has('name') ? null : places.has('private') ? 'private' : 'loopback'
  return said.filter((address) => {
    const place = placeOf(address)
    if (place === 'name') return isOwnWord && isPublicName(name.exec(address)?.[1] ?? '')
    return place === 'public' || (place === home && places.has(home))
  })
}
