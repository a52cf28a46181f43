/** Names of work in the mesh, as programs ask for them: `web.default.claw`. */

/** The last label of all of them. */
export const zone = 'claw'

/** How long an answer may be kept, seconds: what runs where changes by itself. */
export const nameTtl = 5

/** Of names that have left the mesh, and of names that nobody has yet. */
export const missTtl = 1

export interface Question {
  /** Without the dot at its end; in any case of letters. */
  readonly name: string
  /** Such as A, AAAA or SRV. */
  readonly type: string
}

export type NameRecord =
  | { readonly type: 'A' | 'AAAA'; readonly name: string; readonly address: string }
  | { readonly type: 'SRV'; readonly name: string; readonly target: string; readonly port: number }

export type Answer =
  /** None of them: the name is there, but has nothing of that type. `extra`: where the targets are. */
  | { readonly kind: 'found'; readonly records: readonly NameRecord[]; readonly extra: readonly NameRecord[] }
  | { readonly kind: 'missing' }
  /** It is not in the zone. */
  | { readonly kind: 'foreign' }

/** Where a resolver is asked. */
export interface ResolverPlace {
  readonly host: string
  readonly port: number
}

/** Where it is asked unless something else is said, and where programs ask that are only told an address. */
export const usualPort = 53

/** HOST, HOST:PORT, or [HOST]:PORT. */
export function placeOf(text: string): ResolverPlace {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? []
  return { host: bracketed ?? plain ?? text, port: port === undefined ? usualPort : Number(port) }
}
