import { command } from '../../line/command.ts'
import { limitOptions, limitsOf, memoryUsedOf, usedOf } from '../../work/namespace-limits.ts'

export default command({
  name: 'namespace set',
  about: 'Change limits of a namespace.',
  details: 'What is not named stays as it is. Work that runs goes on, even if it is more than a new limit.',
  positionals: { namespace: { about: 'Name of the namespace' } },
  options: limitOptions,
  examples: [
    'namespace set team-a --gpu-quota 16',
    'namespace set default --gpu-quota 4 --borrow yes --weight 2',
    'namespace set team-a --default-timeout 24h --max-timeout none',
  ],

  async run({ namespace, ...limits }, { api: connect, out, signal }) {
    const api = await connect()
    const changed = await api.call('namespace.set', { namespace, ...limitsOf(limits) }, signal)
    await out.result(changed, (one) => [
      `${one.name}: GPUs ${usedOf('gpus', one)}, CPU ${usedOf('cpus', one)}, memory ${memoryUsedOf(one)}, workloads ${usedOf('workloads', one)}`,
    ])
    return undefined
  },
})
