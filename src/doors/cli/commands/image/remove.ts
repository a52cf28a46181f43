import { command } from '../../line/command.ts'
import { confirm } from '../../confirm.ts'
import { imageLine } from '../../show/image-words.ts'

export default command({
  name: 'image remove',
  about: 'Take an image, or one of its names, away from the nodes that have it.',
  details: 'What a container was made of, or work waits for, stays; which nodes kept it is told.',
  positionals: { image: { about: 'Reference or id of the image' } },
  options: {
    node: { kind: 'text', value: 'NODE', about: 'Only from this node' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: ['image remove team/app:1 --node gpu-node-2', 'image remove team/app:1 --yes'],

  async run({ image, node, yes }, session) {
    const { out, signal } = session
    const api = await session.api()
    if (node === undefined) {
      const { images } = await api.call('image.info', { image }, signal)
      await confirm([`This will take it away:`, ...images.map((one) => `  ${imageLine(one)}`)], { ...session, yes })
    }
    const { images, silent } = await api.call('image.remove', { image, node }, signal)
    for (const one of silent) out.note(`${one.node} kept it: ${one.problem}`)
    await out.result({ images, kept: silent }, (done) => done.images.map((one) => `taken away: ${imageLine(one)}`))
    return silent.length === 0 ? undefined : 1
  },
})
