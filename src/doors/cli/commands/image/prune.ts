import { command } from '../../line/command.ts'
import { confirm } from '../../confirm.ts'
import { imageLine, sizeInWords } from '../../show/image-words.ts'

export default command({
  name: 'image prune',
  about: 'Take away images that nothing uses.',
  details:
    'Never those that a container was made of or that work waits for. What came in another way than through the mesh, such as by your ' +
    'own `docker pull`, stays without --everything. Images are taken from every node, so the last copy in the mesh may go: look at the plan.',
  positionals: {},
  options: {
    node: { kind: 'text', value: 'NODE', about: 'Only on this node' },
    'older-than': { kind: 'text', value: 'TIME', about: 'Only what was not used for so long: 7d, 24h' },
    everything: { kind: 'flag', about: 'Also images that did not come through the mesh' },
    'dry-run': { kind: 'flag', about: 'Only say which' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: ['image prune --dry-run', 'image prune --older-than 7d --yes', 'image prune --node gpu-node-2'],

  async run({ node, 'older-than': olderThan, everything, 'dry-run': dryRun, yes }, session) {
    const { out, signal } = session
    const api = await session.api()
    const input = { node, olderThan, everything }
    const plan = await api.call('image.prune', { ...input, dryRun: true }, signal)
    const lines = plan.images.map(imageLine)
    if (!dryRun && plan.images.length > 0)
      await confirm(['These images will be taken away:', ...lines.map((line) => `  ${line}`)], { ...session, yes })
    const done =
      dryRun || plan.images.length === 0 ? plan : await api.call('image.prune', { ...input, dryRun: false }, signal)
    for (const one of done.silent) out.note(`${one.node} was left out: ${one.problem}`)
    await out.result(done, ({ images, freedBytes }) => [
      ...images.map(imageLine),
      `${images.length} image(s), ${sizeInWords(freedBytes)}${dryRun ? ' could be freed' : ' freed'}`,
    ])
    return undefined
  },
})
