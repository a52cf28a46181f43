import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { pairsOf } from '../../line/pairs.ts'

export default command({
  name: 'price set',
  about: 'Set what an hour costs.',
  details: 'What is not named stays. A model is named as --gpu-type names it; * is for all that are not named.',
  positionals: {},
  options: {
    gpu: { kind: 'list', value: 'MODEL=PRICE', about: 'An hour of such a GPU; none takes its price away' },
    cpu: { kind: 'number', value: 'PRICE', about: 'An hour of a core' },
    memory: { kind: 'number', value: 'PRICE', about: 'An hour of a GiB of memory' },
    currency: { kind: 'text', value: 'NAME', about: 'Of all prices, such as EUR' },
  },
  examples: ['price set --gpu H100=2.50 --gpu A100=1.20 --cpu 0.02 --currency EUR', 'price set --gpu A100=none'],

  async run({ gpu, cpu, memory, currency }, { api: connect, out, signal }) {
    const gpuHour = Object.fromEntries(
      Object.entries(pairsOf(gpu, '--gpu')).map(([model, price]) => [model, priceIn(model, price)]),
    )
    const prices = {
      ...(gpu.length > 0 && { gpuHour }),
      ...(cpu !== undefined && { cpuHour: cpu }),
      ...(memory !== undefined && { memoryGibHour: memory }),
      ...(currency !== undefined && { currency }),
    }
    if (Object.keys(prices).length === 0) throw new ClawError('INVALID_REQUEST', { problem: 'no price is said' })
    const api = await connect()
    const set = await api.call('price.set', prices, signal)
    await out.result(set, (all) => [
      `${Object.entries(all.gpuHour)
        .map(([model, price]) => `${model} ${price}`)
        .concat(`core ${all.cpuHour}`, `GiB ${all.memoryGibHour}`)
        .join(', ')} ${all.currency} an hour`,
    ])
    return undefined
  },
})

function priceIn(model: string, text: string): number | null {
  if (text === 'none') return null
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new ClawError('INVALID_REQUEST', { problem: `--gpu ${model}=${text}: the price is no number` })
}
