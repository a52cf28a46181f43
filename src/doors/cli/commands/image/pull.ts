import { command } from '../../line/command.ts'
import { followImages, resultOfImages } from '../../show/image-progress.ts'

export default command({
  name: 'image pull',
  about: 'Have nodes get an image: from another node where one has it, else from its registry.',
  details:
    'Without --node and --all the peer that you talk to gets it. Ctrl-C ends the transfers; what has arrived stays.',
  positionals: { image: { about: 'Reference of the image' } },
  options: {
    node: { kind: 'list', value: 'NODE', about: 'Node that gets it' },
    all: { kind: 'flag', about: 'Every node that runs containers gets it' },
    pull: {
      kind: 'text',
      value: 'WHEN',
      choices: ['missing', 'always', 'never'],
      about: 'missing, as when left out; always, to have the one that the registry has now',
    },
  },
  examples: [
    'image pull pytorch/pytorch:2.1.0 --all',
    'image pull team/app:1 --node gpu-node-1 --node gpu-node-2 --pull always',
  ],

  async run({ image, node, all, pull }, session) {
    const api = await session.api()
    const input = { image, nodes: [...node], all, pull: pull as 'missing' | 'always' | 'never' | undefined }
    return resultOfImages(await followImages(api.stream('image.pull', input, session.signal), session), session)
  },
})
