import { command } from '../command.ts'
import { workloadStates } from '../follow.ts'

export default command({
  name: 'stop',
  about: 'Stop a workload, a gang or an array, or cancel one that waits.',
  details: 'Waits until it has ended. Stopping what has ended already changes nothing.',
  positionals: { workload: { about: 'Name or id of the workload', completes: 'workload' } },
  options: {
    force: { kind: 'flag', about: 'Kill it at once instead of asking it first' },
    reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' },
    'no-wait': { kind: 'flag', about: 'Return as soon as the mesh has taken the request' },
  },
  examples: ['stop llm-inference', 'stop wl-x7k2m4q9ab --force', 'stop llm-inference --reason "wrong data set"'],

  async run({ workload, force, reason, 'no-wait': noWait }, { api: connect, out, signal }) {
    const api = await connect()
    let last = await api.call('workload.stop', { workload, force, ...(reason !== undefined && { reason }) }, signal)
    const group = last.part !== null && [last.part.group, last.part.name].includes(workload) ? last.part : null
    const parts = group === null ? [last] : await api.call('workload.list', { group: group.group }, signal)
    if (!noWait)
      await Promise.all(
        parts.map(async ({ id }) => {
          for await (const state of workloadStates(api, id, signal)) if (id === last.id) last = state
        }),
      )
    await out.result(last, ({ id, name, state }) => [`${name} (${id}) ${state}`])
    return undefined
  },
})
