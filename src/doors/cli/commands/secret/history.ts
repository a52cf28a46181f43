import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

const columns: readonly Column<OutputOf<'secret.history'>[number]>[] = [
  { head: 'When', cell: ({ at }) => at },
  { head: 'What', cell: ({ what }) => what },
  { head: 'Version', cell: ({ version }) => String(version) },
  { head: 'By', cell: ({ by }) => by },
  { head: 'For', cell: ({ workload }) => orDash(workload) },
]

export default command({
  name: 'secret history',
  about: 'Say what was done with a secret: by whom, when, and for which work.',
  details: 'The last 32 changes and the last 64 uses, the newest last.',
  positionals: { name: { about: 'Name of the secret' } },
  options: namespaceOption,
  examples: ['secret history db-password', 'secret history db-password --json'],

  async run({ name, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const entries = await api.call('secret.history', { name, namespace: namespaceOf(args, session) }, signal)
    await out.result(entries, (found, style) => style.table(found, columns))
    return undefined
  },
})
