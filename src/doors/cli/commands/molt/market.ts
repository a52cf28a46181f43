import { verifications } from '../../../../model/molt-hardware.ts'
import { listCommand } from '../../show/list-command.ts'
import { marketColumns } from '../../show/buying-words.ts'

export default listCommand({
  name: 'molt market',
  about: 'Show which GPUs strangers lend now, and at which rates.',
  details: 'What is lent by the node itself is not shown. Rates are for an hour of one GPU.',
  positionals: {},
  options: {
    'gpu-type': { kind: 'text', value: 'MODEL', about: 'Only this model or family, such as H100' },
    'min-verification': {
      kind: 'text',
      value: 'WORD',
      choices: verifications,
      about: 'Only of providers of whom the node is at least so sure',
    },
    node: { kind: 'text', value: 'NODE', about: 'Which node looks; the one you talk to if left out' },
  },
  examples: ['molt market', 'molt market --gpu-type H100 --json'],
  columns: marketColumns,
  key: ({ model, memoryMib }) => `${model}/${memoryMib}`,
  rows: async ({ 'gpu-type': gpuType, 'min-verification': least, node }, { api, signal }) => {
    const minVerification = verifications.find((one) => one === least)
    return (await api()).call('molt.market', { gpuType, minVerification, node }, signal)
  },
})
