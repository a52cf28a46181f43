import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'

const columns: readonly Column<OutputOf<'molt.reputation'>[number]>[] = [
  { head: 'Party', cell: ({ party }) => party },
  { head: 'As', cell: ({ role }) => role },
  { head: 'Score', cell: ({ score, isClosedOut }) => (isClosedOut ? 'closed out' : orDash(score?.toString() ?? null)) },
  { head: 'Agreed', cell: ({ closed }) => String(closed.agreed) },
  { head: 'Claimed', cell: ({ closed }) => String(closed.claimed) },
  { head: 'Taken back', cell: ({ closed }) => String(closed.takenBack) },
  { head: 'Judged', cell: ({ closed }) => String(closed.judged) },
  { head: 'Own', cell: ({ own }) => String(own) },
  { head: 'Blamed', cell: ({ blamed }) => String(blamed), wide: true },
  { head: 'Good', cell: ({ good }) => String(good) },
  { head: 'Bad', cell: ({ bad }) => String(bad) },
]

export default command({
  name: 'molt reputation',
  about:
    'Show what a node knows of those with whom it has closed agreements, or of anybody by what others have closed, and what each score follows from.',
  details:
    'A score is good / (good + bad + 1), of 100. All deals with one party count once, so what a node has seen itself comes to 50 at most. Of a party that is ' +
    'named, what it has closed with others is looked up at the witnesses; a deal among strangers counts for the fees that were paid for it. ' +
    'A dash: nothing is known, which is neither good nor bad.',
  positionals: { party: { about: 'Account, or name of a node of this mesh that takes part', optional: true } },
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node looks; the one you talk to if left out' } },
  examples: ['molt reputation', 'molt reputation gpu-node-1 --json'],

  async run({ party, node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('molt.reputation', { party, node }, signal), (found, style) =>
      style.table(found, columns),
    )
    return undefined
  },
})
