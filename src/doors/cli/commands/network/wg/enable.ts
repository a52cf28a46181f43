import { command } from '../../../line/command.ts'
import { overlayLines } from '../../../work/overlay-words.ts'

export default command({
  name: 'network wg enable',
  about: 'Turn the overlay on, over WireGuard.',
  details:
    'Every node gets an address and a part of the containers’ range, makes a key of its own and sets WireGuard up, where its daemon may. ' +
    'Where it may not, the files are written and `network status` on that host says the one command to run. The ranges can only be changed ' +
    'while no node has an address.',
  positionals: {},
  options: {
    nodes: { kind: 'text', value: 'CIDR', about: 'Addresses of the nodes; 10.100.0.0/16 if left out' },
    containers: { kind: 'text', value: 'CIDR', about: 'Addresses of containers; 10.200.0.0/16 if left out' },
    'container-bits': {
      kind: 'number',
      value: 'BITS',
      about: 'Prefix length of the part of each node; 24 if left out',
    },
    'preshared-keys': { kind: 'flag', about: 'Have every pair of nodes share a secret besides its keys' },
    'no-preshared-keys': { kind: 'flag', about: 'Have them no longer share one' },
    'mesh-up-to': { kind: 'number', value: 'N', about: 'With more nodes hubs pass packets on; 50 if left out' },
  },
  examples: ['network wg enable', 'network wg enable --preshared-keys --mesh-up-to 30'],

  async run(args, { api: connect, out, signal }) {
    const { nodes, containers } = args
    const shares = args['preshared-keys'] ? true : args['no-preshared-keys'] ? false : undefined
    const input = {
      ...(nodes !== undefined && { nodesRange: nodes }),
      ...(containers !== undefined && { containersRange: containers }),
      ...(args['container-bits'] !== undefined && { containerBits: args['container-bits'] }),
      ...(shares !== undefined && { presharedKeys: shares }),
      ...(args['mesh-up-to'] !== undefined && { meshUpTo: args['mesh-up-to'] }),
    }
    await out.result(await (await connect()).call('network.enable', input, signal), overlayLines)
    return undefined
  },
})
