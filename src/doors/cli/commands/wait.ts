import { ClawError } from '../../../model/failure.ts'
import type { Api } from '../peer/api.ts'
import type { Awaited, Condition } from '../work/await-state.ts'
import { awaitState, conditions } from '../work/await-state.ts'
import type { Session } from '../line/command.ts'
import { command } from '../line/command.ts'
import { interrupted, notFinished } from '../exit-code.ts'
import { spanOption } from '../line/span-option.ts'

export default command({
  name: 'wait',
  about: 'Wait until workloads run, are ready, have ended, or are forgotten.',
  details:
    'Ends with 0 when that is so for all of them, else with the exit code of the first that ended otherwise: its own, 102 when it is ' +
    'lost, 103 when it was stopped, 124 when it ran too long, 137 when it ran out of memory, and 101 when --timeout is over first. ' +
    'With `done` it is its own exit code in any case.',
  positionals: { workload: { about: 'Names or ids of workloads, gangs or arrays', completes: 'workload', rest: true } },
  options: {
    for: {
      kind: 'text',
      value: 'STATE',
      choices: conditions,
      about: 'What to wait for; done, which is any end, if left out',
    },
    timeout: { kind: 'text', value: 'TIME', about: 'Wait no longer than that: 90s, 30m, 24h' },
  },
  examples: ['wait train', 'wait llm-inference --for ready --timeout 5m', 'wait train-a train-b --for completed'],

  async run({ workload: wanted, for: condition = 'done', timeout }, session) {
    const patience = spanOption('--timeout', timeout)
    const api = await session.api()
    const late = new AbortController()
    const timer = patience === null ? undefined : setTimeout(() => late.abort(), patience)
    const signal = AbortSignal.any([session.signal, late.signal])
    try {
      const { awaited, gone } = await awaitAll(wanted, condition as Condition, api, { ...session, signal })
      await session.out.result(
        awaited.map(({ workload }) => workload),
        (rows) => [
          ...gone.map((name) => `${name} is gone`),
          ...rows.map(({ name, id, state }) => `${name} (${id}) ${condition === 'deleted' ? 'is gone' : state}`),
        ],
      )
      return awaited.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0
    } catch (error) {
      if (session.signal.aborted) return interrupted
      if (!late.signal.aborted) throw error
      session.out.error(
        new ClawError('DEADLINE_EXCEEDED', { what: `waiting for ${wanted.join(', ')}`, ms: patience ?? 0 }),
      )
      return notFinished
    } finally {
      clearTimeout(timer)
    }
  },
})

async function awaitAll(
  wanted: readonly string[],
  condition: Condition,
  api: Api,
  around: Pick<Session, 'out' | 'signal'>,
): Promise<{ readonly awaited: readonly Awaited[]; readonly gone: readonly string[] }> {
  const gone: string[] = []
  const found = await Promise.all(
    wanted.map(async (one) => {
      const workload = await api.call('workload.info', { workload: one }, around.signal).catch((error: unknown) => {
        if (condition !== 'deleted' || !ClawError.is(error, 'WORKLOAD_NOT_FOUND')) throw error
        gone.push(one)
        return null
      })
      if (workload === null) return []
      const { part } = workload
      const isGroup = part !== null && [part.group, part.name].includes(one)
      return isGroup ? api.call('workload.list', { group: part.group }, around.signal) : [workload]
    }),
  )
  const awaited = await Promise.all(found.flat().map((workload) => awaitState(api, workload, condition, around)))
  around.signal.throwIfAborted()
  return { awaited, gone }
}
