import { isClawError } from '../../../model/failure.ts'
import { command } from '../command.ts'

export default command({
  name: 'version',
  about: 'Show the versions of this CLI and of the peer.',
  positionals: {},
  options: {},
  examples: ['version', 'version --json'],

  async run(_, { api: connect, out, signal, host }) {
    const peer = await connect()
      .then((api) => api.call('version', {}, signal))
      .catch((error: unknown) => {
        if (isClawError(error)) return { error: error.message }
        throw error
      })
    await out.result({ client: host.version, peer: 'error' in peer ? null : peer }, () => [
      `clawbernetes  ${host.version}`,
      'error' in peer ? `peer          unknown: ${peer.error}` : `peer          ${peer.version} (${peer.node})`,
    ])
    return undefined
  },
})
