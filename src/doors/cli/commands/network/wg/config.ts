import { command } from '../../../line/command.ts'

export default command({
  name: 'network wg config',
  about: 'Print the configuration of WireGuard on a node, without its private key.',
  details: 'The files themselves, with the key, are on the node, where only the user of the daemon can read them.',
  positionals: { node: { about: 'Which; the peer that is asked if left out', optional: true, completes: 'node' } },
  options: {
    format: {
      kind: 'text',
      value: 'FORMAT',
      choices: ['wg-quick', 'setconf'],
      about: 'For wg-quick (if left out), or for wg setconf and wg syncconf',
    },
  },
  examples: ['network wg config', 'network wg config gpu-node-1 --format setconf'],

  async run({ node, format }, { api: connect, out, signal }) {
    const input = { node, ...(format !== undefined && { format: format as 'setconf' }) }
    await out.result(await (await connect()).call('network.config', input, signal), ({ files }) =>
      files.flatMap(({ path, text }) => [`# ${path}`, ...text.trimEnd().split('\n')]),
    )
    return undefined
  },
})
