import type { OutputOf } from '../../../../operations/registry.ts'
import { interrupted } from '../../exit-code.ts'
import { command } from '../../line/command.ts'
import { printable } from '../../show/table.ts'
import { auditOptions, wantedOf } from '../../work/audit-filter.ts'

export default command({
  name: 'audit tail',
  about: 'Show the last entries of the audit log, and those that are added.',
  positionals: {},
  options: { ...auditOptions, follow: { kind: 'flag', short: 'f', about: 'Go on as entries are added' } },
  examples: ['audit tail', 'audit tail -f --all', 'audit tail --decision denied -o jsonl'],

  async run({ follow, ...wanted }, { api: connect, out, signal }) {
    const api = await connect()
    try {
      for await (const entry of api.stream('audit.tail', { ...wantedOf(wanted), follow }, signal))
        await out.item(entry, `${lineOf(entry)}\n`)
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return signal.aborted ? interrupted : 0
  },
})

function lineOf({ at, node, actor, operation, object, outcome, count }: OutputOf<'audit.tail'>): string {
  const what = object === null ? operation : `${operation} ${object}`
  return printable(`${at}  ${node}  ${actor}  ${what}  ${count === 1 ? outcome : `${outcome} ×${count}`}`)
}
