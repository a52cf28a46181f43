import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'
import { namespaceIn, namespaceOption } from '../../work/timed.ts'

const columns: readonly Column<OutputOf<'cron.history'>[number]>[] = [
  { head: 'At', cell: ({ at }) => at },
  { head: 'Outcome', cell: ({ outcome, manual }) => (manual ? `${outcome} by hand` : outcome) },
  { head: 'Job', cell: ({ jobName }) => orDash(jobName) },
  { head: 'State', cell: ({ jobState }) => orDash(jobState) },
  { head: 'Moments', cell: ({ count }) => String(count), wide: true },
  { head: 'Fired', cell: ({ firedAt }) => firedAt, wide: true },
  { head: 'Reason', cell: ({ reason }) => orDash(reason) },
]

export default listCommand({
  name: 'cron history',
  about: 'List what came of the last moments of a schedule, newest first.',
  positionals: { NAME: { about: 'Name or id of the schedule' } },
  options: { limit: { kind: 'number', value: 'N', about: 'At most so many' }, ...namespaceOption },
  examples: ['cron history backup', 'cron history backup --limit 5', 'cron history backup -o json'],
  columns,
  key: ({ at, jobId }) => `${at} ${jobId ?? ''}`,
  rows: async ({ NAME, limit, ...where }, session) =>
    (await session.api()).call(
      'cron.history',
      { cron: NAME, limit, namespace: namespaceIn(where, session) },
      session.signal,
    ),
})
