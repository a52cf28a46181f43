import { accessOf, local, readContexts } from '../../peer/contexts.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { nameOfContext } from '../../peer/target.ts'
import { orDash } from '../../show/words.ts'

interface Shown {
  readonly name: string
  readonly current: boolean
  readonly addresses: readonly string[]
  readonly access: string | null
}

const columns: readonly Column<Shown>[] = [
  { head: 'Current', cell: ({ current }) => (current ? '*' : '') },
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Addresses', cell: ({ addresses }) => orDash(addresses.join(', ')) },
  { head: 'Access', cell: ({ access }) => orDash(access) },
]

export default listCommand({
  name: 'context ls',
  about: 'List the meshes that have a name here, and which one is in use.',
  details: `${local} is the daemon of this host, and what is talked to while none is in use. Tokens are never shown.`,
  positionals: {},
  options: {},
  examples: ['context ls', 'context ls --json', 'context ls -o name'],
  columns,
  key: ({ name }) => name,

  async rows(_, { host }) {
    const { contexts } = await readContexts(host)
    const current = (await nameOfContext(undefined, host)) ?? local
    const named = Object.entries(contexts).map(([name, context]) => ({
      name,
      current: name === current,
      addresses: context.addresses,
      access: accessOf(context),
    }))
    return [{ name: local, current: current === local, addresses: [], access: null }, ...named]
  },
})
