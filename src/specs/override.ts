/** What a command line says goes over what a file says. */

type Request = Readonly<Record<string, unknown>>

/** Of each of these there can be only one: whoever gives one on the command line does not want the other of the file. */
const rivals: readonly (readonly string[])[] = [
  ['replicas', 'nodes', 'array'],
  ['gpuMig', 'gpuShare'],
]

/** Maps that are put together name by name; everything else is replaced. */
const mergedMaps = ['env', 'labels', 'nodeSelector', 'annotations']

/** `said` holds only what was said. */
export function overriddenBy(request: Request, said: Request): Request {
  const given = Object.entries(said).filter(([, value]) => value !== undefined)
  const names = given.map(([name]) => name)
  const dropped = rivals.flatMap((group) => (group.some((name) => names.includes(name)) ? group : []))
  const kept = Object.entries(request).filter(([name]) => !dropped.includes(name))
  const result = Object.fromEntries(kept)
  for (const [name, value] of given)
    result[name] = mergedMaps.includes(name) ? { ...mapOf(result[name]), ...mapOf(value) } : value
  return result
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!Array.isArray(value)) return (value ?? {}) as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    value.map((pair) => {
      const text = String(pair)
      const cut = text.indexOf('=')
      return cut < 0 ? [text, ''] : [text.slice(0, cut), text.slice(cut + 1)]
    }),
  )
}
