import { command } from '../../line/command.ts'

export default command({
  name: 'gateway ping',
  about: 'Check that a peer answers.',
  positionals: {},
  options: {},
  examples: ['gateway ping', 'gateway ping --gateway ws://gpu-node-1:8080 --token-file token'],

  async run(_, { api: connect, out, signal }) {
    const start = performance.now()
    const api = await connect()
    const pong = await api.call('gateway.ping', {}, signal)
    const roundTripMs = Math.round((performance.now() - start) * 10) / 10
    await out.result({ ...pong, gateway: api.address, roundTripMs }, ({ name, version, gateway }) => [
      `${name} answers at ${gateway} in ${roundTripMs} ms (version ${version})`,
    ])
    return undefined
  },
})
