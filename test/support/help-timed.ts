/** The jobs, schedules and workflows that the examples of the help pages name. */
import type { Api } from '../../src/doors/cli/peer/api.ts'
import { ClawError, type FailureCode } from '../../src/model/failure.ts'

const { signal } = new AbortController()
const brief = 'CLAW_SIM_SECONDS=1'
const long = 'CLAW_SIM_SECONDS=86400'
const steps = [
  { name: 'fetch', image: 'busybox', env: [brief, 'CLAW_SIM_OUTPUT=hello'] },
  { name: 'train', image: 'busybox', needs: ['fetch'], env: [brief] },
]

export const files = {
  'workflow.yaml': `apiVersion: clawbernetes/v1\nkind: Workflow\nmetadata: { name: nightly }\nspec: { steps: ${JSON.stringify(steps)} }\n`,
  'workflow.toml': `[workflow]\nname = "nightly"\n[[workflow.steps]]\nname = "fetch"\nimage = "busybox"\nenv = ["${brief}"]\n`,
} as const

/** The job with nothing left of an earlier one of that name, and soon over. */
export async function beforeJob(api: Api, line: string): Promise<string> {
  await noJob(api, line.split(' ')[2] ?? '')
  return line.replace('job create', `job create -e ${brief}`)
}

async function noJob(api: Api, job: string): Promise<void> {
  await ignoring('JOB_NOT_FOUND', async () => {
    await api.call('job.delete', { job }, signal)
    await ignoring('JOB_NOT_FOUND', () => Array.fromAsync(api.stream('job.wait', { job }, signal)))
  })
}

export async function job(api: Api, span: 'brief' | 'long'): Promise<void> {
  await noJob(api, 'render')
  await api.call('job.create', { name: 'render', image: 'busybox', env: [span === 'brief' ? brief : long] }, signal)
  for await (const { active, startedAt } of api.stream('job.wait', { job: 'render' }, signal))
    if (active > 0 || startedAt !== null) return
}

export async function suspendedJob(api: Api): Promise<void> {
  await job(api, 'long')
  await api.call('job.suspend', { job: 'render' }, signal)
}

export const noCron = (api: Api, cron: string): Promise<void> =>
  ignoring('CRON_NOT_FOUND', () => api.call('cron.delete', { cron }, signal))

export const cron = (api: Api): Promise<void> =>
  ignoring('CRON_EXISTS', () =>
    api.call('cron.create', { name: 'backup', image: 'busybox', schedule: '0 3 * * *', env: [brief] }, signal),
  )

export const noWorkflow = (api: Api, workflow: string): Promise<void> =>
  ignoring('WORKFLOW_NOT_FOUND', async () => {
    await api.call('workflow.delete', { workflow }, signal)
    await ignoring('WORKFLOW_NOT_FOUND', () => Array.fromAsync(api.stream('workflow.wait', { workflow }, signal)))
  })

export async function workflow(api: Api): Promise<void> {
  await ignoring('WORKFLOW_EXISTS', () => api.call('workflow.create', { name: 'nightly', steps }, signal))
  await Array.fromAsync(api.stream('workflow.wait', { workflow: 'nightly' }, signal))
}

export async function cancelledWorkflow(api: Api): Promise<void> {
  await noWorkflow(api, 'nightly')
  await api.call('workflow.create', { name: 'nightly', steps }, signal)
  await api.call('workflow.cancel', { workflow: 'nightly' }, signal)
  await Array.fromAsync(api.stream('workflow.wait', { workflow: 'nightly' }, signal))
}

async function ignoring(code: FailureCode, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!ClawError.is(error, code)) throw error
  }
}

/** None of that name for what makes one, and one for all else. */
export async function backupSchedule(api: Api, line: string): Promise<void> {
  const [, , verb = '', schedule = ''] = line.split(' ')
  const there = await api.call('backup.schedules', {}, signal)
  if (there.some(({ name }) => name === schedule)) await api.call('backup.unschedule', { schedule }, signal)
  const made = { schedule, mesh: true, cron: '@daily', directory: '/srv/backups' }
  if (verb !== 'create') await api.call('backup.schedule', made, signal)
}

/** Ends of examples, as in help-examples.ts. */
export const backupEnds: readonly (readonly [begins: string, code: number, reason: string])[] = [
  ['backup create --volume', 4, 'simulated work has no volumes; with an engine: backups.test.ts'],
  ['backup create --label', 4, 'there is no node that is called nas'],
  ['backup create --mesh', 2, 'there is no such directory'],
  ['backup import', 4, 'there is no secret to open it with'],
  ['backup info', 4, 'there is no such backup'],
  ['backup verify', 4, 'there is no such backup'],
  ['backup restore', 4, 'there is no such backup'],
  ['backup fetch', 4, 'there is no such backup'],
  ['backup delete', 4, 'there is no such backup'],
]
