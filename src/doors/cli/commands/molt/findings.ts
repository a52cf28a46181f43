import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import type { Column } from '../../show/table.ts'
import { ago } from '../../show/words.ts'

const columns: readonly Column<OutputOf<'molt.findings'>[number]>[] = [
  { head: 'Provider', cell: ({ provider }) => provider },
  { head: 'Is now', cell: ({ verification }) => verification },
  { head: 'Found', cell: ({ kind }) => kind },
  { head: 'When', cell: ({ at }) => ago(at) },
  { head: 'By', cell: ({ job }) => job },
  { head: 'About', cell: ({ about }) => about, wide: true },
]

export default command({
  name: 'molt findings',
  about: 'Show what a node has found out itself about providers, and how sure it is of each because of that.',
  details:
    'Work that is run twice (molt request --verify) and challenges (molt probe) leave findings. They are in the book of this node alone: nobody can ' +
    'add to it, and nobody else is shown it.',
  positionals: { provider: { about: 'Only this one', optional: true } },
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt findings', 'molt findings --node gpu-node-1 --json'],

  async run({ provider, node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('molt.findings', { provider, node }, signal), (found, style) =>
      style.table(found, columns),
    )
    return undefined
  },
})
