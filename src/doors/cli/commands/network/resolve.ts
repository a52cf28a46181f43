import { command } from '../../line/command.ts'

export default command({
  name: 'network resolve',
  about: 'Look a name of the mesh up as its containers do, and show the addresses and ports behind it.',
  details: 'Only what is ready to be given requests has an address. A name without a namespace is of the one named.',
  positionals: { name: { about: 'Such as web.default.claw, or web alone' } },
  options: {
    namespace: { kind: 'text', value: 'NAMESPACE', about: 'Of a name without one; default if left out' },
  },
  examples: ['network resolve web.default.claw', 'network resolve web --json'],

  async run({ name, namespace }, { api: connect, out, signal }) {
    const input = { name, ...(namespace !== undefined && { namespace }) }
    const reply = await (await connect()).call('network.resolve', input, signal)
    await out.result(reply, (one) => [
      ...(one.addresses.length === 0 ? [`${one.name} is known, but nothing that is ready has an address`] : []),
      ...one.addresses.map((address) => `${one.name} is at ${address}`),
      ...one.services.map(({ target, port }) => `port ${port} of ${target}`),
    ])
    return undefined
  },
})
