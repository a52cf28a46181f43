import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { ExportChecker } from '../../../../core/audit/exported.ts'
import { ClawError } from '../../../../model/failure.ts'
import type { OutputOf } from '../../../../operations/registry.ts'
import type { Session } from '../../line/command.ts'
import { command } from '../../line/command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'
import { nodeOptions } from '../../work/audit-filter.ts'

type Item = OutputOf<'audit.verify'>
type Checked = Pick<Item, 'node' | 'entries' | 'first' | 'last' | 'confirmed' | 'problem' | 'unreachable'>

const columns: readonly Column<Checked>[] = [
  { head: 'Node', cell: ({ node }) => node },
  { head: 'Entries', cell: ({ entries }) => String(entries) },
  { head: 'From', cell: ({ first }) => orDash(first) },
  { head: 'To', cell: ({ last }) => orDash(last) },
  { head: 'Vouched for', cell: ({ confirmed }) => (confirmed === null ? '—' : `to ${confirmed}`) },
  { head: 'Verdict', cell: (row) => verdict(row) },
]

const verdict = ({ problem, unreachable }: Checked): string => {
  if (unreachable !== null) return `not checked: ${unreachable}`
  return problem === null ? 'whole' : `entry ${problem.seq} was ${problem.kind}: ${problem.detail}`
}

export default command({
  name: 'audit verify',
  about: 'Check that nothing in the audit log was changed, taken out, moved or cut off.',
  details:
    'The peer that is asked reads every entry of the log, also of other nodes’, and compares it with what the nodes have told the mesh of ' +
    'their logs from time to time. It names the first entry that is not right and what was done to it, and ends with 1 then. ' +
    'With --file it checks what `audit export` wrote, without any peer.',
  positionals: {},
  options: { ...nodeOptions, file: { kind: 'text', value: 'FILE', about: 'Check an exported file instead' } },
  examples: ['audit verify', 'audit verify --all --json', 'audit verify --file audit.jsonl'],

  async run({ file, ...wanted }, session) {
    const { out } = session
    const checked = file === undefined ? await ofPeers(wanted, session) : await ofFile(file)
    await out.result(checked, (rows, style) => style.table(rows, columns))
    const broken = checked.find(({ problem }) => problem !== null)
    if (broken?.problem !== null && broken !== undefined)
      throw new ClawError('AUDIT_BROKEN', {
        where: broken.node,
        problem: `entry ${broken.problem.seq} was ${broken.problem.kind}`,
      })
    return checked.some(({ unreachable }) => unreachable !== null) ? 8 : 0
  },
})

async function ofPeers(
  wanted: { readonly node: string | undefined; readonly all: boolean },
  { api: connect, out, signal }: Session,
): Promise<readonly Checked[]> {
  const checked: Checked[] = []
  for await (const item of (await connect()).stream('audit.verify', wanted, signal))
    if (item.isDone) checked.push(item)
    else out.note(`${item.node}: ${item.entries} entries so far`)
  return checked
}

/** Throws AUDIT_UNREADABLE. */
async function ofFile(file: string): Promise<readonly Checked[]> {
  const checker = new ExportChecker()
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) checker.line(line)
  } catch (error) {
    throw new ClawError('AUDIT_UNREADABLE', { file, problem: (error as Error).message }, { cause: error })
  }
  const found = checker.end()
  if ('problem' in found) throw new ClawError('AUDIT_UNREADABLE', { file, problem: found.problem })
  return found.verdicts.map(({ name, entries, first, last, confirmed, fault }) => ({
    ...{ node: name, entries, first, last: last?.seq ?? null, confirmed, problem: fault, unreachable: null },
  }))
}
