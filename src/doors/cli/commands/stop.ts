import { ClawError, isClawError } from '../../../model/failure.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Api } from '../peer/api.ts'
import type { Session } from '../line/command.ts'
import { command } from '../line/command.ts'
import { confirm } from '../confirm.ts'
import { partly } from '../exit-code.ts'
import { workloadStates } from '../work/follow.ts'
import { stopDeployment } from '../work/stop-deployment.ts'

type Workload = OutputOf<'workload.stop'>

export default command({
  name: 'stop',
  about: 'Stop a workload, a gang or an array, or cancel one that waits.',
  details:
    'Waits until it has ended. Stopping what has ended already changes nothing. More than one at a time, or the parts of an array, are named before and take a yes. ' +
    'A deployment that is named alone stays without replicas; `scale` gives it some again.',
  positionals: { workload: { about: 'Names or ids of the workloads', completes: 'workload', rest: true } },
  options: {
    force: { kind: 'flag', about: 'Kill it at once instead of asking it first' },
    reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' },
    'no-wait': { kind: 'flag', about: 'Return as soon as the mesh has taken the request' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: [
    'stop llm-inference',
    'stop wl-x7k2m4q9ab --force',
    'stop llm-inference --reason "wrong data set"',
    'stop train-a train-b --yes',
  ],

  async run({ workload: wanted, force, reason, 'no-wait': noWait, yes }, session) {
    const api = await session.api()
    const { out, signal } = session
    if (!yes) await askFirst(wanted, api, session)
    const stopOne = async (workload: string): Promise<Workload> => {
      const taken = await api.call(
        'workload.stop',
        { workload, force, ...(reason !== undefined && { reason }) },
        signal,
      )
      return noWait ? taken : ended(taken, workload, api, signal)
    }
    const [only] = wanted
    if (only !== undefined && wanted.length === 1) {
      try {
        await out.result(await stopOne(only), (stopped) => [inWords(stopped)])
      } catch (error) {
        if (!ClawError.is(error, 'WORKLOAD_NOT_FOUND')) throw error
        await stopDeployment({ name: only, reason, isDetached: noWait }, error, api, session)
      }
      return undefined
    }
    const settled = await Promise.allSettled(wanted.map(stopOne))
    const stopped = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const failed = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    if (stopped.length > 0) await out.result(stopped, (rows) => rows.map(inWords))
    for (const error of failed) {
      if (!isClawError(error) || stopped.length === 0) throw error
      out.error(error)
    }
    return failed.length === 0 ? undefined : partly
  },
})

const inWords = ({ id, name, state }: Workload): string => `${name} (${id}) ${state}`

/** The workload once it has ended, and with it all that is stopped together with it. */
async function ended(taken: Workload, wanted: string, api: Api, signal: AbortSignal): Promise<Workload> {
  let last = taken
  const group = groupOf(taken, wanted)
  const parts = group === null ? [taken] : await api.call('workload.list', { group }, signal)
  await Promise.all(
    parts.map(async ({ id }) => {
      for await (const state of workloadStates(api, id, signal)) if (id === last.id) last = state
    }),
  )
  return last
}

/** Id of the group, when it is the group that was meant. */
const groupOf = ({ part }: Pick<Workload, 'part'>, wanted: string): string | null =>
  part !== null && [part.group, part.name].includes(wanted) ? part.group : null

/** One workload, or one gang, is what was named; anything more is told before. */
async function askFirst(wanted: readonly string[], api: Api, session: Session): Promise<void> {
  const found = await Promise.all(wanted.map((one) => hitBy(one, api, session.signal)))
  const running = found.flat().filter(({ state }) => !['completed', 'failed', 'stopped'].includes(state))
  const isArray = running.length > 1 && running.some(({ part }) => part?.gang !== true)
  if (!isArray && wanted.length <= 1) return
  if (running.length <= 1) return
  const gpus = running.reduce((sum, one) => sum + one.gpus, 0)
  const named = running
    .slice(0, 8)
    .map(({ name, id, node }) => `  ${name} (${id})${node === null ? '' : ` on ${node}`}`)
  const more = running.length > named.length ? [`  and ${running.length - named.length} more`] : []
  await confirm([`${running.length} workloads with ${gpus} GPU(s) will be stopped:`, ...named, ...more], {
    ...session,
    yes: false,
  })
}

/** What would be stopped; nothing for what is not there, which the stop itself tells. */
async function hitBy(wanted: string, api: Api, signal: AbortSignal): Promise<readonly Workload[]> {
  try {
    const one = await api.call('workload.info', { workload: wanted }, signal)
    const group = groupOf(one, wanted)
    return group === null ? [one] : await api.call('workload.list', { group }, signal)
  } catch (error) {
    if (ClawError.is(error, 'WORKLOAD_NOT_FOUND')) return []
    throw error
  }
}
