import { command } from '../../../line/command.ts'

export default command({
  name: 'network wg disable',
  about: 'Turn the overlay off.',
  details: 'Interfaces, keys and addresses go. What talks over the overlay loses its way.',
  positionals: {},
  options: {},
  examples: ['network wg disable', 'network wg disable --json'],

  async run(_, { api: connect, out, signal }) {
    await out.result(await (await connect()).call('network.disable', {}, signal), () => ['The overlay is off'])
    return undefined
  },
})
