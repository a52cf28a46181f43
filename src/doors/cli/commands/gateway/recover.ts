import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { confirmByTyping } from '../../confirm.ts'

export default command({
  name: 'gateway recover',
  about: 'Go on without a majority of the voters, which is lost for ever.',
  details:
    'Run it on one surviving voter, through its Unix socket: that node alone votes from then on, with all that it holds. What only the ' +
    'lost voters held is gone. Never run it on two nodes, and never to end a partition: an old voter that comes back gives up its log ' +
    'and follows, but until it hears of this it may go on with the other old voters by itself.',
  positionals: {},
  options: {
    unsafe: { kind: 'flag', about: 'Says that you know what this loses; there is no recovery without it' },
    force: { kind: 'flag', about: 'Also when a majority of the voters seems to answer' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: ['gateway recover --unsafe', 'gateway recover --unsafe --yes --json'],

  async run({ unsafe, force, yes }, session) {
    if (!unsafe)
      throw new ClawError('INVALID_REQUEST', {
        problem: 'this loses what only the lost voters held; if most voters will never come back, say --unsafe',
      })
    const { out, signal } = session
    const api = await session.api()
    const { node, voterIds, voters, applied, committed, meshName } = await api.call('gateway.status', {}, signal)
    const others = voters.filter((voter) => voter !== node)
    await confirmByTyping(
      meshName ?? '',
      [
        `!!! ${node} will be the only voter of mesh ${meshName ?? 'that it does not know'}, with what it holds: ${applied} of ${committed} entries are applied.`,
        `!!! ${others.length} of ${voterIds.length} voters are given up: ${others.join(', ') || 'none'}.`,
        '!!! What only they held is LOST, and if they still work somewhere the mesh is split until they hear of this.',
      ],
      { ...session, yes },
    )
    const recovered = await api.call('gateway.recover', { unsafe: true, confirm: meshName ?? '', force }, signal)
    await out.result(recovered, ({ node: name, lost, applied: upTo }) => [
      `${name} leads alone, with all of its log up to ${upTo}`,
      ...lost.map(
        (voter) => `${voter} votes no more; if it will never come back: clawbernetes node remove ${voter} --force`,
      ),
    ])
    return undefined
  },
})
