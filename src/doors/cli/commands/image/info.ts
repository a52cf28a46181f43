import { command } from '../../line/command.ts'
import { imageInWords } from '../../show/image-words.ts'

export default command({
  name: 'image info',
  about: 'Show one image: its digests, its size, and which nodes have it.',
  positionals: { image: { about: 'Reference or id of the image' } },
  options: {},
  examples: ['image info team/app:1', 'image info 8c34661d5db1 --json'],

  async run({ image }, { api: connect, out, signal }) {
    const api = await connect()
    const { images } = await api.call('image.info', { image }, signal)
    await out.result(images, (all) => all.flatMap((one, i) => [...(i === 0 ? [] : ['']), ...imageInWords(one)]))
    return undefined
  },
})
