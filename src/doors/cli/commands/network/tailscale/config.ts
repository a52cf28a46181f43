import { command } from '../../../line/command.ts'

export default command({
  name: 'network tailscale config',
  about: 'Print the command that brings a node into its tailnet, and a drop-in for systemd.',
  details:
    'No key is in it. The daemon runs the first command by itself where it may; those for services are left to people.',
  positionals: { node: { about: 'Which; the peer that is asked if left out', optional: true, completes: 'node' } },
  options: {},
  examples: ['network tailscale config', 'network tailscale config gpu-node-1'],

  async run({ node }, { api: connect, out, signal }) {
    await out.result(await (await connect()).call('tailscale.config', { node }, signal), ({ up, serve, dropIn }) => [
      ...['# as a person would', up, ...serve],
      ...['', `# ${dropIn.path}`, ...dropIn.text.trimEnd().split('\n')],
    ])
    return undefined
  },
})
