import { command } from '../../line/command.ts'
import { limitOptions, limitsOf } from '../../work/namespace-limits.ts'

export default command({
  name: 'namespace create',
  about: 'Make a namespace, with limits or without.',
  positionals: { namespace: { about: 'Name: a-z, 0-9 and -' } },
  options: limitOptions,
  examples: [
    'namespace create team-a --gpu-quota 8 --borrow yes',
    'namespace create team-b --default-memory 16Gi --default-cpu 4 --max-gpus 8 --max-memory 256Gi',
    'namespace create ci --gpu-quota 2 --cpu-quota 32 --memory-quota 256Gi --workload-quota 100',
  ],

  async run({ namespace, ...limits }, { api: connect, out, signal }) {
    const api = await connect()
    const made = await api.call('namespace.create', { namespace, ...limitsOf(limits) }, signal)
    await out.result(made, ({ name }) => [`${name} is there: use it with  clawbernetes run --namespace ${name} …`])
    return undefined
  },
})
