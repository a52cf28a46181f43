import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'

export default command({
  name: 'network ping',
  about: 'Send packets to a node over the overlay or the tailnet, and say what is wrong where none come back.',
  details:
    'One packet more is of the largest size that the overlay takes, so that a path which cuts those short is found out. ' +
    'Nodes that are in a tailnet instead are asked there.',
  positionals: { node: { about: 'Which is to answer', completes: 'node' } },
  options: {
    from: { kind: 'text', value: 'NODE', about: 'Which is to ask; the peer itself if left out' },
    count: { kind: 'number', value: 'N', about: 'How many packets; 3 if left out' },
  },
  examples: ['network ping gpu-node-1', 'network ping gpu-node-1 --from gpu-node-2 --count 10'],

  async run({ node, from, count }, { api: connect, out, signal }) {
    const input = { node, from, ...(count !== undefined && { count }) }
    const reply = await (await connect()).call('network.ping', input, signal)
    await out.result(reply, (one) => [
      `${one.node} answers ${one.from} at ${one.address}: ${one.received} of ${one.sent} packets` +
        (one.averageMs === null ? '' : `, ${one.averageMs.toFixed(1)} ms`) +
        (one.path === null ? '' : `, ${one.path}`),
      ...(one.fullSize !== false
        ? []
        : [`A packet of ${one.mtu ?? 0} bytes does not get through: set network.wireguard.mtu lower`]),
    ])
    return exitCode(reply)
  },
})

/** Lost packets are worth a look. */
const exitCode = ({ received, sent, fullSize }: OutputOf<'network.ping'>) =>
  received < sent || fullSize === false ? 1 : undefined
