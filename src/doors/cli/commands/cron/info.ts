import { command } from '../../line/command.ts'
import { facts, orDash } from '../../show/words.ts'
import { namespaceIn, namespaceOption } from '../../work/timed.ts'

export default command({
  name: 'cron info',
  about: 'Show one schedule: when it comes next, what runs of it, and what came of its last moments.',
  positionals: { NAME: { about: 'Name or id of the schedule' } },
  options: namespaceOption,
  examples: ['cron info backup', 'cron info backup -o json'],

  async run({ NAME, ...where }, session) {
    const api = await session.api()
    const found = await api.call('cron.info', { cron: NAME, namespace: namespaceIn(where, session) }, session.signal)
    await session.out.result(found, (cron) => [
      ...facts([
        ['Id', cron.cronId],
        ['Name', cron.name],
        ['Namespace', cron.namespace],
        ['Schedule', `${cron.schedule} (${cron.timeZone})`],
        ['State', cron.suspended ? 'suspended' : 'active'],
        ['Image', cron.image],
        ['Concurrency', cron.concurrency],
        ['Missed', `${cron.missedPolicy}, after ${cron.startingDeadlineSeconds} s; ${cron.missed} until now`],
        ['Kept', `${cron.keepCompleted} completed, ${cron.keepFailed} others`],
        ['Fired', `${cron.fired} times, last ${orDash(cron.lastRun)}`],
        ['Running', cron.activeJobs.length === 0 ? 'nothing' : cron.activeJobs.join(', ')],
        ['Next', cron.nextRuns.length === 0 ? '—' : cron.nextRuns.join(', ')],
      ]),
      ...(cron.history.length === 0 ? [] : ['']),
      ...cron.history.map(
        ({ at, outcome, jobName, jobState, reason }) =>
          `  ${at}  ${outcome}${jobName === null ? '' : `  ${jobName}`}${jobState === null ? '' : `  ${jobState}`}${reason === null ? '' : `  ${reason}`}`,
      ),
    ])
    return undefined
  },
})
