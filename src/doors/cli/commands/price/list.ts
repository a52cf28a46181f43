import { command } from '../../line/command.ts'
import { facts } from '../../show/words.ts'

export default command({
  name: 'price list',
  about: 'Show what an hour costs.',
  positionals: {},
  options: {},
  examples: ['price list', 'price list --json'],

  async run(_, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(
      await api.call('price.list', {}, signal),
      ({ isSet, currency, gpuHour, cpuHour, memoryGibHour }) =>
        isSet
          ? facts([
              ...Object.entries(gpuHour).map(([model, price]) => [`GPU ${model}`, `${price} ${currency}`] as const),
              ['CPU core', `${cpuHour} ${currency}`],
              ['GiB of memory', `${memoryGibHour} ${currency}`],
            ])
          : ['No prices are set: clawbernetes price set --gpu H100=2.50 --currency EUR'],
    )
    return undefined
  },
})
