import { command } from '../../line/command.ts'
import { memoryUsedOf, usedOf, workLimitsInWords } from '../../work/namespace-limits.ts'
import { facts, orDash } from '../../show/words.ts'

export default command({
  name: 'namespace info',
  about: 'Show one namespace: what it may take, what it takes, and what it has had.',
  positionals: { namespace: { about: 'Name of the namespace' } },
  options: {},
  examples: ['namespace info team-a', 'namespace info default --json'],

  async run({ namespace }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('namespace.info', { namespace }, signal), (one) =>
      facts([
        ['Name', one.name],
        ['GPUs', usedOf('gpus', one)],
        ['CPU cores', usedOf('cpus', one)],
        ['Memory', memoryUsedOf(one)],
        ['Workloads', usedOf('workloads', one)],
        ['Each workload gets', workLimitsInWords(one.defaults) ?? 'what it names'],
        ['And names at most', workLimitsInWords(one.maxima) ?? 'what it likes'],
        ['Borrows', one.borrow ? 'yes' : 'no'],
        ['Weight', String(one.weight)],
        ['GPU-hours in 30 days', one.gpuHours.toFixed(1)],
        ['Share so far', `${one.share.toFixed(1)} GPU-hours by weight, the older the less`],
        ['Created', orDash(one.createdAt)],
      ]),
    )
    return undefined
  },
})
